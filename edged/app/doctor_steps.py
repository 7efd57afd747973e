"""What each check of the doctor does, by its id."""

from edged.app import doctor_line, doctor_machine, doctor_panel, doctor_sound
from edged.app.doctor import Step

STEPS: dict[str, Step] = {
    **doctor_machine.STEPS,
    **doctor_sound.STEPS,
    **doctor_panel.STEPS,
    **doctor_line.STEPS,
}
