"""Recognises the services with a shape of their own by their address. Pure.

A plain service needs no recognition: any client of its dialect works with it. Services on this machine have no host of
their own, so nothing tells them apart.
"""

from urllib.parse import urlsplit

# A dot at the beginning stands for any host below it. The path is the beginning of the service's paths there.
_HOSTS = (
    ("api.x.ai", "", "xai"),
    ("dashscope.aliyuncs.com", "", "qwen"),
    ("dashscope-intl.aliyuncs.com", "", "qwen"),
    (".maas.aliyuncs.com", "", "qwen"),
    ("api.inworld.ai", "", "inworld"),
    (".services.ai.azure.com", "/voice-live", "azure-voice-live"),
    (".cognitiveservices.azure.com", "/voice-live", "azure-voice-live"),
)


def recognised(url: str) -> str:
    """The provider (a row of providers.py) at an address; empty if it is none of these."""
    address = urlsplit(url)
    host = address.hostname or ""
    for name, path, provider in _HOSTS:
        is_there = host.endswith(name) if name.startswith(".") else host == name
        if is_there and address.path.startswith(path):
            return provider
    return ""
