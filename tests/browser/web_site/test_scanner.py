"""The officer's scanner in real browsers: from a film to the verdict, without a network, and what a phone keeps."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi import Principal, text_in
from banshi.builtin.passes.models import Scan
from banshi.builtin.passes.refusals import TOLD
from banshi.builtin.passes.wire import picture
from banshi.kernel.contract.principals import Role
from banshi.testing import Door, open_door
from tests.banshi.builtin.passes.test_dynamic_passes import FIRE, approved
from tests.banshi.builtin.passes.test_pass_ledger import issue, revoke, scan
from tests.browser import chromium
from tests.browser.conftest import OpenBrowser, until
from tests.browser.street import CHEN, NEXT, READY, SCANNER, TYPE, Phone, filmed, open_phone
from tests.browser.street_pictures_drawn import FOLDER, TEXTS
from tests.browser.web_site.test_site_offline import SIGN_OUT, holds
from tests.conftest import good_answers
from tests.servers.fault_proxy import FaultProxy
from web_site.staff import scanner

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not chromium.IS_THERE, reason="`apt-get install chromium chromium-driver` brings Chromium"),
]

#: Two clocks that a test can set: the phone's own, and the one that the page counts by.
CLOCKS = """() => {
  const page = performance.now.bind(performance), phone = Date.now;
  globalThis.turned = { page: 0, phone: %d };
  performance.now = () => page() + turned.page;
  Date.now = () => phone() + turned.phone;
}"""
#: What a page does by itself half a minute later comes soon.
SOON = """() => { const wait = setTimeout;
  globalThis.setTimeout = (act, ms, ...more) => wait(act, ms === 30_000 ? 1_000 : ms, ...more); }"""
#: The phone's clock as it was set while no page was open.
SET_WHILE_CLOSED = "() => { turned.phone = Number(localStorage.getItem('set') ?? 0); }"
#: Has the page be hidden, or seen again.
HIDE = """(hidden) => { Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange")); }"""
#: Notes what a phone does for an officer who doesn't look.
SIGNALS = """() => {
  globalThis.felt = [];
  Navigator.prototype.vibrate = (pattern) => { felt.push(["vibrates", pattern.length]); return true; };
  OscillatorNode.prototype.start = function () { felt.push(["sounds", this.frequency.value]); };
}"""
#: No room for a scan, as a phone without storage says it.
FULL = """() => { const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (...given) {
    if (this.name === "scans") throw new DOMException("", "QuotaExceededError");
    return put.apply(this, given);
  };
}"""
KEPT = """async () => { const all = [];
  const asked = (request) => new Promise((done) => { request.onsuccess = () => done(request.result); });
  for (const { name } of await indexedDB.databases()) {
    const opened = await asked(indexedDB.open(name));
    for (const store of opened.objectStoreNames) {
      all.push([store, await asked(opened.transaction(store).objectStore(store).getAll())]);
    }
    opened.close();
  }
  return all; }"""
#: Has the decoder read pictures, each in a camera's size, and says what it read and how long it took, in milliseconds.
DECODE = """async (pictures, side) => {
  const { decoder: at } = JSON.parse(document.querySelector("[data-scan]").dataset.scan);
  const decoder = new Worker(at), found = [];
  // The first one is read twice: with it comes the WebAssembly.
  for (const one of [pictures[0], ...pictures]) {
    const size = side ? 720 : 256, canvas = new OffscreenCanvas(size, size), pen = canvas.getContext("2d");
    pen.fillStyle = "#777"; pen.fillRect(0, 0, canvas.width, canvas.height);
    const seen = await createImageBitmap(new Blob([Uint8Array.from(atob(one), (sign) => sign.charCodeAt(0))]));
    if (side) pen.drawImage(seen, 360 - side / 2, 360 - side / 2, side, side); else pen.drawImage(seen, 0, 0);
    decoder.postMessage(canvas.transferToImageBitmap());
    found.push(await new Promise((done) => { decoder.onmessage = ({ data }) => done(data); }));
  }
  decoder.terminate(); return found.slice(1); }"""


#: A phone whose cryptography fails, as long as a test wants it to.
BROKEN = """() => { const derive = SubtleCrypto.prototype.deriveBits; globalThis.broken = false;
  SubtleCrypto.prototype.deriveBits = function (...given) {
    if (broken) throw new DOMException("", "OperationError");
    return derive.apply(this, given);
  };
}"""


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    plugins: dict[str, Path | str] = {"traffic": FIRE.with_name("traffic"), "fire": FIRE}
    async with open_door(tmp_path, {**plugins, "mobile_push": "mobile_push", "web_site": "web_site"}) as opened:
        yield opened


async def test_fifty_pictures_of_the_street_are_read(door: Door, tmp_path: Path) -> None:
    texts = json.loads(TEXTS.read_text(encoding="utf-8"))
    assert (len(texts), {picture.version(one) for one in texts.values()}) == (50, {"9-M", "12-M"})
    pictures = [base64.b64encode((FOLDER / name).read_bytes()).decode() for name in texts]
    async with open_phone(door, tmp_path) as phone:
        for side in (0, 640):
            found = await phone.page.run(DECODE, pictures, side)
            read = {name for name, one in zip(texts, found, strict=True) if one["texts"] == [texts[name]]}
            took = sorted(one["took"] for one in found)
            print(f"{took[25]:.1f} ms, at most {took[-1]:.1f}: a picture of {side or 256} points")
            assert texts.keys() - read == set(), side


async def test_from_a_film_to_the_verdict_which_is_the_platforms_and_is_seen_heard_and_felt(
    door: Door, tmp_path: Path
) -> None:
    one = await issue(door, good_answers)
    async with open_phone(door, tmp_path, *filmed(tmp_path, one.text), scripts=[SIGNALS]) as phone:
        shown = await phone.verdict()
        assert (shown["kind"], shown["title"], shown["note"]) == ("good", "Valid", "")
        assert "checked with the platform" in shown["small"]
        assert shown["claims"][:5] == ["川BD12345", "Zone 2, Zone 5", "Light truck", "By day (9:00–17:00)", "王*明"]
        assert await phone.page.run("() => felt") == [["vibrates", 1], ["sounds", 880]]
        (scanned,) = await Scan.all()
        assert (scanned.verdict, scanned.officer, scanned.department) == ("valid", "chen", "traffic")
        assert await phone.waiting() == 0
        await revoke(one)
        await phone.page.run("() => { felt.length = 0; }")
        await phone.page.run(NEXT)
        # The code that is still there is no other one; as typed it is verified once more.
        assert (await phone.type(one.text, "with the platform"))["kind"] == "not"
        assert (await phone.page.run("() => felt"))[-2:] == [["vibrates", 3], ["sounds", 220]]


async def test_two_codes_in_one_picture_are_neither_verified_nor_recorded(door: Door, tmp_path: Path) -> None:
    one, other = await issue(door, good_answers, "wang"), await issue(door, good_answers, "zhang")
    async with open_phone(door, tmp_path, *filmed(tmp_path, one.text, other.text, side=300, blur=0.4)) as phone:
        await phone.tells("two codes")
        assert await Scan.all().count() == 0


async def test_what_a_page_says_of_each_pass_is_what_the_api_says(door: Door, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    async with open_door(other, {"traffic": FIRE.with_name("traffic"), "mobile_push": "mobile_push"}) as neighbour:
        foreign = (await issue(neighbour, good_answers)).text
    one, over = await issue(door, good_answers, "wang"), await issue(door, good_answers, "zhang")
    await revoke(over)
    relay = await approved(door)
    await relay.take()
    texts = [
        one.text,
        over.text,
        foreign,
        "hello",
        one.text[:-3],
        relay.shows(door, -300),
        relay.shows(door, 300),
        relay.text,
    ]
    kinds = {"green": "good", "amber": "old", "red": "not"}
    async with open_phone(door, tmp_path) as phone:
        for without_network in (False, True):
            if without_network:
                phone.leave_network()
            for text in texts:
                shown, said = (
                    await phone.type(text, "" if without_network else "with the platform"),
                    await scan(door, text),
                )
                if without_network and said["verdict"] == "revoked":
                    said["detail"] = text_in(TOLD["revoked"], "en")
                assert (shown["kind"], shown["note"]) == (kinds[said["colour"]], said["detail"]), (
                    text,
                    without_network,
                )
            now = await phone.type(relay.shows(door))
            assert now["kind"] == "good"
        assert await phone.waiting() == len(texts) + 1


async def test_without_a_network_a_pass_is_amber_once_the_list_is_old_and_the_page_says_how_old(
    door: Door, tmp_path: Path
) -> None:
    one = await issue(door, good_answers)
    async with open_phone(door, tmp_path, scripts=[CLOCKS % 0]) as phone:
        phone.leave_network()
        await phone.open()
        shown = await phone.type(one.text)
        assert (shown["kind"], "without a network" in shown["small"]) == ("good", True)
        for hours, age in ((4, "4 hours"), (26, "26 hours"), (72, "3 days")):
            await phone.page.run("(hours) => { turned.page = turned.phone = hours * 3600e3; }", hours)
            shown = await phone.type(one.text)
            assert (shown["kind"], shown["title"]) == ("old", "Valid, old list")
            assert f"{age} old" in shown["under"]
            assert "control room" in shown["note"]
            assert f"{age} old" in await phone.told()
        assert await phone.waiting() == 4


@pytest.mark.parametrize("days", [-1, 1])
async def test_a_phone_whose_clock_is_a_day_off_says_so_and_goes_by_the_platforms_time(
    door: Door, tmp_path: Path, days: int
) -> None:
    one, relay = await issue(door, good_answers), await approved(door)
    await relay.take()
    async with open_phone(door, tmp_path, scripts=[CLOCKS % (days * 86_400_000)]) as phone:
        await phone.tells("clock is 24 hours off")
        phone.leave_network()
        for _ in range(2):
            assert (await phone.type(one.text))["kind"] == "good"
            assert (await phone.type(relay.shows(door)))["kind"] == "good"
            # Without a network, and as a page that is opened anew.
            await phone.open()
            await phone.tells("clock is 24 hours off")
        # Set by hand in between, while the page is open.
        await phone.page.run("() => { turned.phone = 0; }")
        assert (await phone.type(relay.shows(door)))["kind"] == "good"
        phone.network.heal()
        await until(lambda: handed_in(phone, 5))
    now = door.platform.now()
    assert all(abs(scanned.at - now) < timedelta(minutes=3) for scanned in await Scan.all())


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_pass_that_was_revoked_just_now_is_red_with_a_network_whatever_the_phone_takes_the_time_to_be(
    door: Door, tmp_path: Path, minutes: int
) -> None:
    one = await issue(door, good_answers)
    async with open_phone(door, tmp_path, scripts=[CLOCKS % 0]) as phone:
        await revoke(one)
        await phone.page.run("(minutes) => { turned.page = minutes * 60e3; }", minutes)
        assert (await phone.type(one.text, "with the platform"))["kind"] == "not"
        assert await phone.waiting() == 0
    (scanned,) = await Scan.all()
    assert abs(scanned.at - door.platform.now()) < timedelta(minutes=2)


async def test_a_list_whose_age_is_not_known_makes_no_pass_green_and_the_page_says_so_below_the_verdict_too(
    door: Door, tmp_path: Path
) -> None:
    one = await issue(door, good_answers)
    async with open_phone(door, tmp_path, scripts=[CLOCKS % 0, SET_WHILE_CLOSED]) as phone:
        phone.leave_network()
        await phone.page.run("() => { localStorage.setItem('set', -3600e3); }")
        for _ in range(2):
            await phone.open()
            await phone.page.run(TYPE, one.text)
            shown = await phone.verdict()
            assert (shown["kind"], shown["title"]) == ("old", "Valid, old list")
            assert "can't be known" in shown["under"]
            assert "clock was changed" in await phone.page.run("() => document.querySelector('main').innerText")
        # Set right, and back again while the page is hidden: its age is no more known than before.
        phone.network.heal()
        await phone.page.run("() => { localStorage.removeItem('set'); }")
        await phone.open()
        assert (await phone.type(one.text, "with the platform"))["kind"] == "good"
        phone.leave_network()
        await phone.page.run(HIDE, True)
        await phone.page.run("() => { turned.phone = -3600e3; }")
        await phone.page.run(HIDE, False)
        assert (await phone.type(one.text))["kind"] == "old"


async def test_scans_of_a_phone_whose_clock_was_set_forward_come_in_with_the_time_they_were_made_at(
    door: Door, tmp_path: Path
) -> None:
    one = await issue(door, good_answers)
    async with open_phone(door, tmp_path, scripts=[CLOCKS % 0, SET_WHILE_CLOSED]) as phone:
        phone.leave_network()
        await phone.page.run("() => { localStorage.setItem('set', 86400e3); }")
        for _ in range(2):
            await phone.open()
            assert (await phone.type(one.text))["kind"] == "old"
        assert await phone.waiting() == 2
        phone.network.heal()
        await until(lambda: handed_in(phone, 2))
        assert "could not be handed in" not in await phone.told()
    assert all(abs(scanned.at - door.platform.now()) < timedelta(minutes=3) for scanned in await Scan.all())
    assert not await Scan.filter(place__contains="not known").exists()


async def test_what_can_not_be_checked_is_amber_and_the_next_one_is_looked_for(door: Door, tmp_path: Path) -> None:
    one = await issue(door, good_answers)
    async with open_phone(door, tmp_path, *filmed(tmp_path, one.text), scripts=[BROKEN]) as phone:
        assert (await phone.verdict())["kind"] == "good"
        await phone.page.run("() => { broken = true; }")
        await phone.page.run(NEXT)
        shown = await phone.type("hello")
        assert (shown["kind"], "could not be checked" in shown["note"]) == ("old", True)
        await phone.page.run(
            "() => { broken = false; document.querySelector('video').srcObject.getTracks()[0].stop(); }"
        )
        await phone.page.run("() => { document.querySelector('[data-found]').replaceChildren(); }")
        assert (await phone.type("hello"))["kind"] != "good"
        await phone.page.run(HIDE, True)
        await phone.page.run(HIDE, False)
        live = "() => document.querySelector('video').srcObject.getTracks()[0].readyState === 'live'"
        await until(lambda: phone.page.run(live))


async def came_in(count: int, **which: Any) -> bool:
    return await Scan.filter(**which).count() == count


async def handed_in(phone: Phone, count: int) -> bool:
    """Whether the platform has so many scans, once the button was pressed."""
    await phone.page.run("() => document.querySelector('[data-held] button').click()")
    return await phone.waiting() == 0 and await Scan.all().count() == count


async def test_ten_scans_without_a_network_come_in_once_and_what_was_revoked_before_them_is_told(
    door: Door, tmp_path: Path
) -> None:
    passes = [await issue(door, good_answers, f"person-{number}") for number in range(10)]
    async with open_phone(door, tmp_path) as phone:
        phone.leave_network()
        for one in passes[:3]:
            await revoke(one)
        # The header says the platform's time to the second.
        await asyncio.sleep(2)
        before = door.platform.now()
        for one in passes:
            assert (await phone.type(one.text))["kind"] in ("good", "old"), "the phone can't know"
        after = door.platform.now()
        assert (await phone.waiting(), await Scan.all().count()) == (10, 0)
        await phone.open()
        assert await phone.waiting() == 10, "as long as it takes"
        kept = json.dumps(await phone.page.run(KEPT), ensure_ascii=False)
        for secret in ("BS1:", "川BD12345", passes[0].text[10:40], "chen"):
            assert secret not in kept, "whoever finds the phone reads nothing"
        # Twice at once: pressed, and by the network's return.
        phone.network.heal()
        await until(lambda: handed_in(phone, 10))
        told = await phone.told()
        assert told.count("is otherwise: Not valid") == 3
    scans = await Scan.all().order_by("at")
    assert [one.verdict for one in scans] == ["revoked"] * 3 + ["valid"] * 7
    assert all(before - timedelta(seconds=2) <= one.at <= after + timedelta(seconds=2) for one in scans)


async def all_wait(phone: Phone) -> bool:
    return await phone.waiting() == 1000


async def test_a_thousand_scans_wait_and_all_come_in(door: Door, tmp_path: Path) -> None:
    one = await issue(door, good_answers)
    async with open_phone(door, tmp_path) as phone:
        phone.leave_network()
        await phone.page.run(f"(text) => {{ for (let i = 0; i < 1000; i += 1) ({TYPE})(text); }}", one.text)
        await until(lambda: all_wait(phone))
        phone.network.heal()
        await until(lambda: handed_in(phone, 1000))
    assert {scanned.verdict for scanned in await Scan.all()} == {"valid"}


async def test_a_full_storage_is_told_and_the_scan_comes_in_as_long_as_the_page_is_open(
    door: Door, tmp_path: Path
) -> None:
    one = await issue(door, good_answers)
    async with open_phone(door, tmp_path, scripts=[FULL]) as phone:
        phone.leave_network()
        assert (await phone.type(one.text))["kind"] == "good"
        assert "storage is full" in await phone.told()
        assert await phone.waiting() == 1
        phone.network.heal()
        await until(lambda: handed_in(phone, 1))
        assert "storage is full" not in await phone.told()


async def test_without_permission_for_a_camera_a_code_is_typed(door: Door, tmp_path: Path) -> None:
    one = await issue(door, good_answers)
    async with open_phone(door, tmp_path) as phone:
        await phone.tells("no camera to use")
        assert (await phone.type(f" {one.text} "))["kind"] == "good"


async def test_signing_out_warns_of_what_is_not_handed_in_and_then_wipes_it(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await issue(door, good_answers)
    async with open_phone(door, tmp_path) as phone:
        monkeypatch.setattr(scanner, "_sent", lambda _: [])
        assert (await phone.type(one.text))["kind"] == "good"
        assert await phone.waiting() == 1
        await phone.page.run(SIGN_OUT)
        await phone.tells("deleted by signing out")
        await phone.page.run(SIGN_OUT)
        await until(lambda: holds(phone.page))
        left = "async () => [await caches.keys(), (await indexedDB.databases()).length]"
        assert await phone.page.run(left) == [[], 0]
    assert await Scan.all().count() == 0


async def test_a_sign_out_waits_for_a_hand_in_that_is_under_way_and_deletes_nothing(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, real, go_on = await issue(door, good_answers), scanner._handed_in, asyncio.Event()

    async def slow(*about: Any) -> Any:
        await go_on.wait()
        return await real(*about)

    async with open_phone(door, tmp_path) as phone:
        phone.leave_network()
        await phone.type(one.text)
        phone.network.heal()
        monkeypatch.setattr(scanner, "_handed_in", slow)
        await phone.page.run("() => document.querySelector('[data-held] button').click()")
        await phone.page.run(SIGN_OUT)
        await asyncio.sleep(0.5)
        assert "deleted" not in await phone.told()
        go_on.set()
        await until(lambda: holds(phone.page))
    assert await Scan.all().count() == 1


async def test_a_busy_platform_is_asked_again_by_itself_and_each_sign_out_warns_of_what_is_new(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, real = await issue(door, good_answers), scanner._sent
    async with open_phone(door, tmp_path, scripts=[SOON]) as phone:
        monkeypatch.setattr(scanner, "_sent", lambda _: [])
        for _ in range(2):
            await phone.type(one.text)
            assert "deleted by signing out" not in await phone.told()
            await phone.page.run(SIGN_OUT)
            await phone.tells("deleted by signing out")
        monkeypatch.setattr(scanner, "_sent", real)
        await until(lambda: came_in(2))


async def test_a_sign_out_on_another_page_of_staffs_leads_to_the_scanner_while_scans_wait(
    door: Door, tmp_path: Path
) -> None:
    one = await issue(door, good_answers)
    both = Principal("chen", name="陈警官", roles=(Role("officer", "traffic"), Role("reviewer", "traffic")))
    async with open_phone(door, tmp_path) as phone:
        phone.leave_network()
        await phone.type(one.text)
        phone.network.heal()
        await phone.sign_in(both)
        await phone.page.go(f"{phone.url}/site/staff/worklist")
        await phone.page.run(SIGN_OUT)
        await until(lambda: came_in(1))
        await until(lambda: holds(phone.page, READY))
        assert (await phone.page.run("() => location.pathname")).endswith("/site/staff/scan")
        await phone.page.go(f"{phone.url}/site/staff/worklist")
        await phone.page.run(SIGN_OUT)
        await until(lambda: holds(phone.page))
        assert not (await phone.page.run("() => location.pathname")).endswith("/site/staff/scan")
    assert await Scan.all().count() == 1


async def test_signing_out_warns_of_another_officers_scans_too_and_a_citizens_sign_out_deletes_none(
    door: Door, tmp_path: Path
) -> None:
    one = await issue(door, good_answers)
    async with open_phone(door, tmp_path) as phone:
        phone.leave_network()
        await phone.type(one.text)
        phone.network.heal()
        await phone.sign_in(Principal("zhao", name="赵警官", roles=(Role("officer", "traffic"),)))
        # A citizen's page at the same phone is none of the scanner's worker's, nor is what it keeps.
        for path in ("/site/inbox", "/site/passes"):
            await phone.page.go(phone.url + path)
        assert await phone.page.run("() => navigator.serviceWorker.controller === null")
        await phone.open()
        cached = (
            "async () => [await caches.keys(), (await (await caches.open('scanner')).keys()).map(({ url }) => url)]"
        )
        names, urls = await phone.page.run(cached)
        assert names == ["scanner"]
        assert [url for url in urls if "/assets/" not in url] == [phone.url + SCANNER]
        assert await phone.waiting() == 0
        await phone.page.run(SIGN_OUT)
        await phone.tells("deleted by signing out")
        assert len(dict(await phone.page.run(KEPT))["scans"]) == 1


async def test_another_officer_at_the_same_phone_neither_sees_nor_hands_in_what_waits(
    door: Door, tmp_path: Path
) -> None:
    one = await issue(door, good_answers)
    async with open_phone(door, tmp_path) as phone:
        phone.leave_network()
        await phone.type(one.text)
        phone.network.heal()
        await phone.sign_in(Principal("zhao", name="赵警官", roles=(Role("officer", "traffic"),)))
        await phone.open()
        assert await phone.waiting() == 0
        await phone.type("hello")
        await until(lambda: Scan.filter(officer__not="").exists())
        assert await Scan.filter(number__isnull=False).count() == 0
        await phone.sign_in(CHEN)
        await phone.open()
        await until(lambda: came_in(1, number__isnull=False))


async def test_firefox_decodes_and_verifies_without_a_network_too(door: Door, open_browser: OpenBrowser) -> None:
    texts = json.loads(TEXTS.read_text(encoding="utf-8"))
    one = await issue(door, good_answers)
    async with FaultProxy(to=int(door.url.rpartition(":")[2])) as network, open_browser() as firefox:
        phone = Phone(door, firefox, network)
        phone.page = await firefox.page(f"{phone.url}/site/help")
        await phone.sign_in()
        await phone.open()
        pictures = [base64.b64encode((FOLDER / name).read_bytes()).decode() for name in texts]
        found = await phone.page.run(DECODE, pictures, 0)
        assert [found_one["texts"] for found_one in found] == [[text] for text in texts.values()]
        phone.leave_network()
        await phone.open()
        assert (await phone.type(one.text))["kind"] == "good"
        assert await phone.waiting() == 1
        phone.network.heal()
        await until(lambda: handed_in(phone, 1))
