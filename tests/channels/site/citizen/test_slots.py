"""An appointment on the site: a day, and then an hour."""

from __future__ import annotations

from uuid import UUID

from banshi.kinds.appointment.models import Booking, Slot
from tests.channels.site.browsing import Browser

CODE = "household-counter-appointment"
FORM = f"/site/items/{CODE}/form"
DAYS = "//*[@class='days']//button/@value"
HOURS = "//input[@name='/slot']/@value"
SHOWN = "//*[@class='days']//button[@aria-current='date']/@value"


async def test_a_day_shows_its_hours_and_stays_chosen_until_it_is_handed_in(wang: Browser) -> None:
    days = (await wang.door.anyone.get(f"/v1/items/{CODE}/slots/days")).ok()["items"]
    await wang.go(FORM)
    free = [one["day"] for one in days if one["free"] or one["draws"]]
    assert wang.page.xpath(DAYS) == free
    assert wang.page.xpath(SHOWN) == free[:1]
    last = free[-1]
    await wang.press("day", last)
    query = {"from": last, "to": last, "takeable": "true", "limit": "100"}
    slots = (await wang.door.anyone.get(f"/v1/items/{CODE}/slots", params=query)).ok()["items"]
    assert wang.page.xpath(HOURS) == [one["id"] for one in slots]
    for name in wang.page.xpath("//main//input[@type='text' or @type='tel']/@name"):
        wang.type(name, "13800000000" if "phone" in name else "王小明")
    for name in {*wang.page.xpath("//main//select/@name | //main//input[@type='radio']/@name")} - {"/slot"}:
        options = wang.page.xpath("//*[@name=$n]/@value | //*[@name=$n]/option[@value!='']/@value", n=name)
        wang.type(name, options[0])
    wang.type("/slot", slots[0]["id"])
    await wang.press("next")
    assert wang.mistakes() == []
    assert slots[0]["title"] in wang.page.xpath("//dd/text()")
    await wang.press("stay")
    assert wang.page.xpath(SHOWN) == [last]
    assert wang.page.xpath("//input[@name='/slot'][@checked]/@value") == [slots[0]["id"]]
    await wang.press("next")
    await Slot.filter(id=UUID(slots[0]["id"])).update(is_open=False)
    await wang.press()
    assert wang.mistakes(), "it was closed meanwhile"
    assert wang.page.xpath(HOURS) == [one["id"] for one in slots[1:]]
    assert wang.page.xpath(SHOWN) == [last]
    wang.type("/slot", slots[1]["id"])
    await wang.press("next")
    await wang.press()
    (booked,) = await Booking.all()
    assert str(booked.slot_id) == slots[1]["id"]


async def test_a_day_that_is_none_shows_the_first_there_is(wang: Browser) -> None:
    await wang.go(FORM)
    first = wang.page.xpath(DAYS)[0]
    for day in ("", "2020-01-01", "9999-99-99", "<b>", "明天"):
        token = wang.page.xpath("//input[@name='token']/@value")[0]
        async with wang.session.post(
            wang.url, data={"token": token, "day": day}, headers={"Origin": wang.door.url}
        ) as answer:
            wang.text = await answer.text()
        assert (answer.status, wang.page.xpath(SHOWN)) == (200, [first]), day


async def test_where_no_time_is_free_it_says_so(wang: Browser) -> None:
    await wang.go(FORM)
    await Slot.all().update(is_open=False)
    await wang.go(FORM)
    assert wang.page.xpath(DAYS) == wang.page.xpath(HOURS) == []
    assert "目前没有可约的时间" in wang.text
