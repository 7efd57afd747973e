import re
from itertools import pairwise

from edged.causes import CAUSES, Cue, Fault, Light, Retry, Unspoken


def test_every_cause_is_complete():
    for cause_id, cause in CAUSES.items():
        assert cause_id == cause.id
        assert re.fullmatch(r"[a-z_]+", cause.id)
        assert re.fullmatch(r"[0-9a-f]{32}", cause.message_id)
        assert cause.remedy.endswith((".", "`.")), cause.id
        assert cause.counter == f"edged_cause_{cause.id}_total"


def test_message_ids_are_unique():
    ids = [cause.message_id for cause in CAUSES.values()]
    assert len(ids) == len(set(ids))


def test_what_a_visitor_hears_of_has_a_sound():
    """A cause with the light NOTICE belongs to one moment in a turn; without a cue nobody would notice it."""
    for cause in CAUSES.values():
        if cause.light is Light.NOTICE and cause.id != "interrupted":
            assert cause.cue is not Cue.NONE, cause.id


def test_a_refusal_that_waiting_does_not_cure_is_counted_in_blinks():
    for cause in CAUSES.values():
        if cause.id == "broker_refused":
            continue  # the kiosk works without a broker
        blinks = cause.light in (Light.ERROR_ACCOUNT, Light.ERROR_SERVICE)
        assert blinks is (cause.retry is Retry.REFUSED), cause.id
        assert (cause.light is Light.ERROR_ACCOUNT) is (cause.fault is Fault.ACCOUNT), cause.id


def test_each_group_of_errors_is_about_one_thing():
    """Who looks at the light has to know where to go: to the cables, to the button, to edged."""
    for cause in CAUSES.values():
        if cause.light is Light.ERROR_PART:
            assert cause.id.startswith(("button_", "recording_light_")), cause.id
        if cause.id.startswith("device_"):
            assert cause.light is Light.ERROR_SOUND, cause.id
        if cause.fault is Fault.OURS and cause.speech is not Unspoken.DOCTOR:
            assert cause.light is Light.ERROR_EDGED, cause.id


def test_every_cue_is_used():
    used = {cause.cue for cause in CAUSES.values()}
    assert used == set(Cue) - {Cue.DONE}  # it confirms what a button did


def test_causes_of_one_family_follow_each_other():
    families = [cause.message_id[:-2] for cause in CAUSES.values()]
    changes = sum(a != b for a, b in pairwise(families))
    assert changes == len(set(families)) - 1


# The class of a row decides what a broken kiosk costs. So a change of the class needs a change here, too.
RETRIES = {
    Retry.LOCAL: """
        memory_short
        microphone_lost speaker_lost button_lost button_busy button_denied light_lost recording_light_lost
        device_hung device_slow device_busy device_denied
        device_unfit device_ambiguous sound_server alsa_config_invalid
        offline dns_failed clock_unset link_silent commit_ignored session_expired
        kiosk_gone
    """,
    Retry.NONE: """
        message_too_large settings_changed detection_kept model_replaced switches_unreadable switches_forgotten
        deletion_refused budget_used budget_near ledger_unwritable ledger_damaged price_unknown
        transcripts_unwritable textfile_unwritable
        microphone_silent microphone_stuck microphone_offset mixer_lost bad_message
        microphone_channels button_held button_edges
        answer_failed answer_silent answer_late answer_lost answer_cut answer_too_long utterance_too_old
        utterance_refused too_short utterance_limit busy pressed_too_fast interrupted off_hook nothing_to_repeat
        muted nothing_said speech_too_quiet speech_faint speech_clipped
        outside_hours bug config_invalid usage address_taken command_refused given_up release_broken
        shutdown_unanswered phrases_unusable
        system_unsupported disk_full disk_read_only disk_errors overlay_root state_unwritable journal_volatile
        journal_large under_voltage throttled usb_current usb_bandwidth usb_hub usb_camera usb_autosuspend
        wifi_power_save hdmi_no_display hdmi_no_picture hdmi_blank hdmi_lead_in desktop_sound
        config_doubtful not_running not_enabled restarts_often unit_changed daemon_silent edged_twice pin_taken
        companion_incomplete companion_not_enabled companion_stopped
        check_late volume_zero microphone_noisy microphone_unheard speaker_unheard button_unfelt light_unseen
        certificate_ends model_ends round_trip_long
    """,
    Retry.REMOTE: """
        unreachable handshake_timeout link_closed service_silent server_error dialect_refused
        service_refused policy_refused protocol_broken
        broker_unreachable
    """,
    Retry.REFUSED: """
        tls_failed captive_portal proxy_refused key_refused quota_exceeded model_refused settings_refused
        region_refused address_refused firewall_refused account_refused not_offered
        broker_refused
    """,
    Retry.THROTTLED: """
        server_busy
    """,
}


def test_each_cause_is_tried_again_as_soon_as_it_says():
    assert {name: cause.retry for name, cause in CAUSES.items()} == {
        name: retry for retry, names in RETRIES.items() for name in names.split()
    }
