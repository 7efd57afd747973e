"""What Home Assistant's documentation says of device discovery: the names of fields, and which a platform must have.

From the pages of the integration MQTT: "Device discovery payload", "Supported abbreviations in MQTT discovery
messages", and one page for each platform. `check` raises AssertionError with the place.
"""

ABBREVIATIONS = {
    "avty": "availability",
    "cmd_t": "command_topic",
    "cmd_tpl": "command_template",
    "cmps": "components",
    "def_ent_id": "default_entity_id",
    "dev": "device",
    "dev_cla": "device_class",
    "ent_cat": "entity_category",
    "exp_aft": "expire_after",
    "ic": "icon",
    "json_attr_t": "json_attributes_topic",
    "o": "origin",
    "json_attr_tpl": "json_attributes_template",
    "max": "max",
    "min": "min",
    "name": "name",
    "ops": "options",
    "p": "platform",
    "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available",
    "pl_off": "payload_off",
    "pl_on": "payload_on",
    "pl_prs": "payload_press",
    "stat_cla": "state_class",
    "stat_t": "state_topic",
    "step": "step",
    "t": "topic",
    "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}
WHOLE = {"qos", "encoding", "mode", "min", "max", "step", "name"}
"""Names without an abbreviation, or with themselves as one."""
DEVICE = {
    "ids": "identifiers",
    "name": "name",
    "mf": "manufacturer",
    "mdl": "model",
    "mdl_id": "model_id",
    "hw": "hw_version",
    "sw": "sw_version",
    "sa": "suggested_area",
    "sn": "serial_number",
    "cns": "connections",
    "cu": "configuration_url",
}
ORIGIN = {"name": "name", "sw": "sw_version", "url": "support_url"}
ROOT = {"device", "origin", "availability", "components", "state_topic", "command_topic", "qos", "encoding"}
COMMON = {
    *("platform", "unique_id", "default_entity_id", "name", "icon", "entity_category", "enabled_by_default"),
    *("availability", "json_attributes_topic", "json_attributes_template", "qos", "encoding"),
}
PLATFORMS = {
    # what a platform must have, and what else it may have
    "sensor": (
        {"state_topic"},
        {
            *(
                "device_class",
                "state_class",
                "unit_of_measurement",
                "value_template",
                "options",
                "expire_after",
            ),
            *("force_update", "last_reset_value_template", "suggested_display_precision"),
        },
    ),
    "binary_sensor": (
        {"state_topic"},
        {"device_class", "value_template", "payload_on", "payload_off", "expire_after", "off_delay"},
    ),
    "number": (
        {"command_topic"},
        {
            *("state_topic", "min", "max", "step", "mode", "unit_of_measurement", "device_class"),
            *("value_template", "command_template", "optimistic", "retain", "payload_reset"),
        },
    ),
    "switch": (
        {"command_topic"},
        {
            *("state_topic", "value_template", "payload_on", "payload_off", "state_on", "state_off"),
            *("device_class", "command_template", "optimistic", "retain"),
        },
    ),
    "button": ({"command_topic"}, {"payload_press", "command_template", "device_class", "retain"}),
    "notify": ({"command_topic"}, {"command_template", "retain"}),
}
CLASSES = {
    "sensor": {"enum", "duration", "monetary", "signal_strength"},
    "binary_sensor": {"connectivity", "problem"},
    "number": set(),
    "switch": {"switch", "outlet"},
    "button": {"identify", "restart", "update"},
}
UNITS = {
    "duration": {"d", "h", "min", "s", "ms"},
    "signal_strength": {"dB", "dBm"},
    "monetary": {"USD", "EUR"},
}
STATE_CLASSES = {"measurement", "total", "total_increasing"}
CATEGORIES = {"diagnostic", "config"}


def spelt_out(members, table=ABBREVIATIONS):
    """The same with whole names. A name that is neither is a mistake."""
    for name in members:
        assert name in table or name in WHOLE or name in table.values(), f"no such field: {name}"
    return {table.get(name, name): value for name, value in members.items()}


def check(config):
    """Compare a whole message for `homeassistant/device/ID/config`."""
    root = spelt_out(config)
    assert root.keys() <= ROOT, root.keys() - ROOT
    assert root.keys() >= {"device", "origin", "components"}
    device, origin = spelt_out(root["device"], DEVICE), spelt_out(root["origin"], ORIGIN)
    assert device["identifiers"]
    assert origin["name"]
    for availability in root["availability"]:
        assert spelt_out(availability).keys() == {"topic"}
    ids = [component["uniq_id"] for component in root["components"].values() if len(component) > 1]
    assert len(set(ids)) == len(ids)
    for key, component in root["components"].items():
        try:
            check_component(spelt_out(component))
        except AssertionError as error:
            raise AssertionError(f"{key}: {error}") from error


def check_component(component):
    platform = component["platform"]
    must, may = PLATFORMS[platform]
    if component.keys() == {"platform"}:
        return  # to be removed
    assert component.keys() >= must | {"unique_id", "name"}, "lacks a field"
    assert component.keys() <= must | may | COMMON, component.keys() - must - may - COMMON
    assert component["default_entity_id"].startswith(f"{platform}.")
    kind = component.get("device_class")
    assert kind is None or kind in CLASSES[platform], kind
    assert component.get("entity_category") in {None, *CATEGORIES}
    assert component.get("state_class") in {None, *STATE_CLASSES}
    if kind == "enum":
        assert component["options"]
        assert not component.keys() & {"state_class", "unit_of_measurement"}
    elif "options" in component:
        raise AssertionError("options without the device class enum")
    if kind in UNITS:
        assert component["unit_of_measurement"] in UNITS[kind]
    if kind == "monetary":
        assert component.get("state_class") in {None, "total"}
    for name, value in component.items():
        if name.endswith("_template"):
            assert value.count("{{") == value.count("}}") == 1, value
        if name.endswith("_topic"):
            assert not set(value) & set("+#")
