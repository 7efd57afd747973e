"""Who may look, and who may change something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.companion.page.access import BUTTON, DOES, ROUTES, PageRequest, may_press, page_refusal

HERE = "127.0.0.1:8780"


def get(path="/", **more):
    return PageRequest("GET", path, **{"hosts": (HERE,), **more})


def post(path, **more):
    return PageRequest(
        "POST", path, **{"hosts": (HERE,), "origins": (f"http://{HERE}",), "marks": ("me",), **more}
    )


def status(request, *, host="", has_token=False, button=True):
    refused = page_refusal(request, host=host, has_token=has_token, button=button)
    return refused.status if refused else 200


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "localhost:8780", "LOCALHOST", "[::1]:8780", "127.1.2.3:1", "localhost"]
)
def test_this_machine_may_look_without_a_token(name):
    assert status(get(hosts=(name,))) == 200


@pytest.mark.parametrize(
    "hosts",
    [
        (),
        ("",),
        ("evil.example",),
        ("127.0.0.1.evil.example",),
        ("localhost.evil.example",),
        ("kiosk.local",),
        ("127.0.0.1", "127.0.0.1"),
        ("evil.example@127.0.0.1",),
        ("127.0.0.1/x",),
        ("127.0.0.1:abc",),
        ("192.168.1.9",),
        ("127.0.0.1\\x",),
    ],
)
@pytest.mark.parametrize("has_token", [False, True])
def test_a_name_that_was_made_to_point_here_is_refused(hosts, has_token):
    assert status(get(hosts=hosts), has_token=has_token) == 403
    assert status(post("/do/press", hosts=hosts), has_token=has_token) == 403


def test_others_may_look_with_a_token_only():
    other = {"peer": "192.168.1.7", "local": "192.168.1.5", "hosts": ("192.168.1.5:8780",)}
    assert status(get(**other)) == 403
    assert status(get(**other), has_token=True) == 200
    assert status(get(**other | {"hosts": ("192.168.1.6:8780",)}), has_token=True) == 403  # another machine's
    assert status(get(**other | {"hosts": ("Kiosk-7.local.:8780",)}), has_token=True) == 403
    assert (
        status(get(**other | {"hosts": ("Kiosk-7.local.:8780",)}), host="kiosk-7.local", has_token=True)
        == 200
    )
    v6 = {"peer": "fe80::7%eth0", "local": "fe80::5%eth0", "hosts": ("[fe80::5]:8780",)}
    assert status(get(**v6), has_token=True) == 200


def test_behind_a_proxy_a_token_is_necessary():
    """Many proxies ask for 127.0.0.1 for everybody."""
    assert status(get(is_passed_on=True)) == 403
    assert status(get(is_passed_on=True), has_token=True) == 200


@pytest.mark.parametrize(
    "more",
    [
        {"origins": ("http://evil.example",)},
        {"origins": ("null",)},
        {"origins": (f"http://{HERE}", f"http://{HERE}")},
        {"origins": ("http://127.0.0.1:8781",)},  # another program of this machine
        {"origins": (f"ftp://{HERE}",)},
        {"origins": (f"http://[{HERE}",)},
        {"site": "cross-site"},
        {"site": "same-site"},
        {"site": "none"},
        {"marks": ()},
        {"marks": ("",)},
        {"marks": ("me", "me")},
    ],
)
def test_only_the_page_itself_changes_anything(more):
    for name in (*DOES, *BUTTON):
        assert status(post(f"/do/{name}")) == 200
        assert status(post(f"/do/{name}", **more)) == 403


def test_a_program_needs_no_origin_but_the_button_does():
    assert status(post("/do/stop", origins=())) == 200
    assert status(post("/do/press", origins=())) == 403


def test_the_forms_need_the_origin_and_no_header():
    assert status(post("/login", marks=()), has_token=True) == 200
    assert status(post("/login", origins=()), has_token=True) == 403
    assert status(post("/logout", origins=("http://evil.example",)), has_token=True) == 403


@pytest.mark.parametrize("path", [path for path, route in ROUTES.items() if route.method == "POST"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_what_changes_something_takes_a_post_only(path, method):
    request = post(path)
    assert (
        status(PageRequest(method, path, hosts=request.hosts, origins=request.origins, marks=("me",))) == 405
    )


def test_pages_from_elsewhere_get_nothing_but_may_link():
    for path in ("/", "/events", "/page.js"):
        assert status(get(path, site="cross-site", mode="no-cors")) == 403
        assert status(get(path, origins=("http://evil.example",))) == 403
    assert status(get(site="cross-site", mode="navigate")) == 200
    assert status(get("/events", site="same-origin", mode="cors")) == 200


def test_what_does_not_exist_is_404_whatever_somebody_shows():
    for path in ("/x", "/do/dance", "//", "/do/", "/do/shutdown", "/do/new_conversation", "/%2f"):
        assert status(get(path), has_token=True) == 404
        assert status(post(path), has_token=True) == 404
    assert status(post("/do/press"), button=False) == 404


@pytest.mark.parametrize(
    "more",
    [
        {"peer": "192.168.1.7"},
        {"hosts": ("192.168.1.5:8780",), "origins": ("http://192.168.1.5:8780",), "local": "192.168.1.5"},
        {"is_passed_on": True},
        {"peer": ""},
    ],
)
def test_the_button_is_for_a_browser_on_the_kiosk(more):
    assert status(post("/do/press"), has_token=True) == 200
    assert may_press(post("/do/press"), button=True)
    assert status(post("/do/press", **more), has_token=True) == 403
    assert not may_press(post("/do/press", **more), button=True)
    assert not may_press(get(), button=False)


TEXTS = st.text(max_size=40)


@given(TEXTS, TEXTS, TEXTS, st.lists(TEXTS, max_size=2), st.lists(TEXTS, max_size=2), TEXTS)
def test_nothing_is_too_odd_and_nothing_odd_comes_in(method, path, peer, hosts, origins, host):
    request = PageRequest(
        method, path, peer=peer, local=peer, hosts=tuple(hosts), origins=tuple(origins), marks=("me",)
    )
    refused = page_refusal(request, host="", has_token=True, button=True)
    assert refused is not None or hosts[0].startswith(("127.", "localhost", "[", peer[:1]))
    page_refusal(request, host=host, has_token=False, button=True)
