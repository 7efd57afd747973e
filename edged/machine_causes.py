"""The causes that only `edged doctor` reports: rows of the one table (causes.py), as plain data.

They concern the machine, and the kiosk does not react to them. So each row has no more than the last two digits of its
message id, its id, whose fault it is (a value of causes.Fault), and the remedy.
"""

# fmt: off
FOUND_BY_THE_DOCTOR: tuple[tuple[int, str, str, str], ...] = (
    # the machine
    (0x01, "system_unsupported", "operator", "edged runs on 64-bit Linux with systemd and Python 3.11 or newer: install Debian 12 or 13, or Raspberry Pi OS (64-bit)."),
    (0x02, "disk_full", "operator", "Free space on the disk: `sudo apt-get clean` and `sudo journalctl --vacuum-size=50M` help at once."),
    (0x03, "disk_read_only", "operator", "The disk is read-only. If nobody wanted that, the card or its file system is damaged: read `sudo dmesg`, restart the machine, and replace the card if this happens again."),
    (0x04, "disk_errors", "device", "The card or the disk loses data. Copy what you need, and replace it."),
    (0x05, "overlay_root", "operator", "Changes are lost at a restart, also switches, the volume and new releases. If that is wanted, leave `state.dir` empty; if not, switch the overlay file system off (`sudo raspi-config`, Performance)."),
    (0x06, "state_unwritable", "operator", "edged cannot keep the volume and the mute switch over a restart. Let the user that runs edged write in the folder `state.dir` (`sudo chown edged: /var/lib/edged`), or leave `state.dir` empty."),
    (0x07, "journal_volatile", "operator", "After a restart nobody can see why edged failed. Run `sudo edged doctor --fix`: it keeps the journal on the disk, with at most 50 MB. If the journal is in memory to spare the card, there is nothing to do."),
    (0x08, "journal_large", "operator", "Run `sudo journalctl --vacuum-size=50M`, and set `SystemMaxUse=50M` in /etc/systemd/journald.conf."),
    (0x09, "under_voltage", "device", "Use the Pi's own power supply and its cable, or a USB hub with its own power supply (docs/machine.md)."),
    (0x0A, "throttled", "device", "The processor is too hot or was, and runs slower. Give the board air, or a heat sink."),
    (0x0B, "usb_current", "device", "Use a power supply with 5 A (27 W), or a USB hub with its own power supply (docs/machine.md)."),
    (0x0C, "usb_bandwidth", "device", "Plug one of the devices into another port, or use a hub with one translator for each port (docs/machine.md)."),
    (0x0D, "usb_hub", "device", "Use a USB 2 hub with one translator for each port (docs/machine.md)."),
    (0x0E, "usb_camera", "device", "Use the camera at a low resolution, or a HAT for sound (docs/machine.md)."),
    (0x0F, "usb_autosuspend", "operator", "Switch USB autosuspend off in the program that sets it, such as TLP or powertop (docs/machine.md)."),
    (0x10, "wifi_power_save", "operator", "Switch the power save of Wi-Fi off; docs/machine.md says how."),
    (0x11, "hdmi_no_display", "device", "Switch the display on, or choose another speaker (docs/machine.md)."),
    (0x12, "hdmi_no_picture", "operator", "Switch screen blanking (DPMS) off (docs/machine.md)."),
    (0x13, "hdmi_blank", "operator", "Add consoleblank=0 to /boot/firmware/cmdline.txt (docs/machine.md)."),
    (0x14, "hdmi_lead_in", "operator", "Set `speaker.lead_in_ms: 300` if your display swallows the beginning of a sound."),
    (0x15, "desktop_sound", "operator", "Name the card in the configuration, or share the sound server or the card with edged (docs/machine.md)."),
    # edged on this machine
    (0x20, "config_doubtful", "operator", "edged starts with this configuration, but it probably does not say what you want. Correct the line."),
    (0x21, "not_running", "operator", "Run `sudo systemctl start edged`. If it does not stay up, `edged logs -x` says why."),
    (0x22, "not_enabled", "operator", "edged does not start when the machine starts. Run `sudo systemctl enable edged`."),
    (0x23, "restarts_often", "edged", "`edged logs -x` says why it ends. If it is a bug, please report it: `sudo edged report`."),
    (0x24, "unit_changed", "operator", "Remove this line from the drop-in (`sudo systemctl edit edged`; `systemctl cat edged` shows it), then run `sudo systemctl restart edged`."),
    (0x25, "daemon_silent", "edged", "edged runs, but does not answer. Run `sudo systemctl restart edged`, and send a report if this happens again (`sudo edged report`)."),
    (0x26, "edged_twice", "operator", "Two edged use the same devices. Stop the one that you do not need: the service with `sudo systemctl disable --now edged`, the other one in its terminal."),
    (0x27, "pin_taken", "operator", "Use another GPIO, or switch off what uses this one."),
    (0x28, "check_late", "operator", "Something on this machine hangs, such as a disk, a driver or a name server. Run `edged doctor` again; if it hangs again, restart the machine."),
    (0x29, "volume_zero", "operator", "Nobody can hear the answers. Run `edged ctl volume 50`, or set `speaker.volume`."),
    (0x2A, "companion_incomplete", "operator", "Run `sudo /usr/local/lib/edged/install.sh --with companion`. The kiosk itself does not need the companion."),
    (0x2B, "companion_not_enabled", "operator", "Run `sudo systemctl enable --now edged-companion`, or empty the settings below `companion`."),
    (0x2C, "companion_stopped", "operator", "`edged logs --companion` says why it ended. Run `sudo systemctl start edged-companion`, or `sudo systemctl disable edged-companion` if you do not need it. The kiosk runs without it."),
    # sound
    (0x30, "microphone_noisy", "device", "Speech drowns in this noise. Lower the capture level (alsamixer, F4) or `microphone.gain_db`, switch the microphone boost off, and check the cable; or the room is loud."),
    (0x31, "microphone_unheard", "operator", "Check that `microphone.device` names the right microphone, and raise the capture level (alsamixer, F4) or `microphone.gain_db`."),
    (0x32, "speaker_unheard", "operator", "Check the volume (`alsamixer`, `speaker.volume`), the amplifier, the cable, and that `speaker.device` names the right output. If the speaker is far from the microphone, or a headphone, there is nothing to do."),
    (0x33, "button_unfelt", "operator", "Check the wiring of the button, and its settings under `button` (docs/inputs.md)."),
    (0x34, "light_unseen", "operator", "Check the wiring of the lamp, and its settings under `light` (docs/inputs.md)."),
    # the line
    (0x40, "certificate_ends", "service", "Renew the certificate of the service, or tell its operator. When it has ended, edged does not connect any more."),
    (0x41, "model_ends", "service", "Choose the successor in `provider.model` before that day."),
    (0x42, "round_trip_long", "network", "Answers begin late. Use a cable or a better Wi-Fi, or a region of the service that is nearer."),
)
# fmt: on
