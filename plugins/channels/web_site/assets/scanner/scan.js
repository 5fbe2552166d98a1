// The officer's scanner: the camera's codes are verified on this phone, by the published keys and the list of revoked passes,
// and by the platform where it is there. Each scan is kept, sealed, until the platform has it.
import { opened, verdictOf } from "./pass_reader.js";
import { sealed, stored } from "./scan_store.js";
const $ = (which, at = document) => at.querySelector(which), root = $("[data-scan]"), told = JSON.parse(root.dataset.scan), { lang } = document.documentElement;
const found = $("[data-found]"), finder = $(".finder"), video = $("video"), typed = $("form", root), section = $("[data-held]"), signOut = $("form[action$=sign-out]");
const MOST_AT_ONCE = 20, MOST_SHOWN = 20, ANSWER_MS = 1500, BATCH_MS = 20_000, AGAIN_MS = 30_000, BETWEEN_PICTURES_MS = 60, AWAY_MS = 1500, CLOCK_OFF_MS = 60_000;
const SIGNALS = { green: [[80], 880, 0.15], amber: [[80, 80, 80], 440, 0.3], red: [[400, 100, 400], 220, 0.6] };
const locale = lang === "en" ? "en-GB" : lang, say = (text, names) => text.replace(/\{(\w+)\}/g, (_, name) => names[name]);
const clockOf = at => new Intl.DateTimeFormat(locale, { timeStyle: "medium", hourCycle: "h23" }).format(at);
const age = ms => { const minutes = Math.max(1, Math.round(ms / 60_000)), [unit, n] = minutes < 120 ? [0, minutes] : minutes < 2880 ? [1, minutes / 60] : [2, minutes / 1440]; return say(told.ages[unit], { n: Math.round(n) }); };
const element = (name, text, className = "") => Object.assign(document.createElement(name), { textContent: text, className });
const note = (name, text) => { const at = $(`[data-told=${name}]`); at.hidden = !text; if (text && text !== true) ($("span", at) ?? at).textContent = text; };

// The platform's time: its Date when it was last heard, and what the page's own clock has counted since, which nobody can
// set. While a page is hidden the phone may sleep, and that clock with it: then the later of the two counts, as a guess.
let clock = { platform: Date.now(), page: performance.now(), moved: false, guessed: true }, left = null;
const now = () => clock.platform + performance.now() - clock.page;
function set(platform, moved = false, guessed = false) { clock = { platform, page: performance.now(), moved, guessed }; showClock(); }
function showClock() { const off = Math.abs(Date.now() - now()); note("clock", clock.moved ? told.unsure : off > CLOCK_OFF_MS ? say(told.clock, { age: age(off) }) : ""); }
const keep = (name, value) => stored("known", "readwrite", all => all.put(value, name)).catch(() => { /* it is there until the page is closed */ });
function heard(answer) {
  const date = Date.parse(answer.headers.get("Date"));
  if (date) { correct(date + 500 - now()); set(date + 500); keep("clock", { platform: date, phone: Date.now() }); }
  return answer;
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) left = { platform: now(), page: performance.now(), phone: Date.now() };
  else if (left) {
    const counted = performance.now() - left.page, slept = Date.now() - left.phone - counted;
    set(left.platform + counted + Math.max(0, slept), clock.moved || slept < -CLOCK_OFF_MS, clock.guessed || slept > CLOCK_OFF_MS);
    refresh().then(handInAll);
    if (video.srcObject?.getTracks().some(one => one.readyState === "ended")) begin();
  }
});

// What was published, now or when this phone last had a network.
let known = null;
const isFresh = () => known && !clock.moved && now() - known.issued * 1000 <= known.ttl * 1000, old = text => clock.moved ? told.noage : say(text, { age: age(now() - known.issued * 1000) });
const away = () => note("away", !known ? told.nolist : isFresh() ? "" : old(told.away));
async function refresh() {
  try {
    const more = { headers: { "Accept-Language": `${lang}, en;q=0.5` }, cache: "no-cache", signal: AbortSignal.timeout(BATCH_MS) };
    const [keys, list] = await Promise.all([fetch("/v1/passes/keys", more), fetch("/v1/passes/revocations", more)]);
    if (!keys.ok || !list.ok) throw new Error(keys.status);
    const published = { document: await heard(keys).json(), token: await list.text() };
    known = await opened(published);
    note("away", "");
    await keep("published", published);
  } catch { away(); }
}

// A verdict, as a signal and as a page.
let audio;
function signal(colour) {
  const [pattern, hz, seconds] = SIGNALS[colour];
  navigator.vibrate?.(pattern);
  try {
    const tone = (audio ??= new AudioContext()).createOscillator();
    tone.frequency.value = hz; tone.connect(audio.destination); tone.start(); tone.stop(audio.currentTime + seconds);
  } catch { /* a phone without sound */ }
}
let open = "", felt = "";
function show({ colour, title = told.titles[colour], under = "", notes = [], small, claims = [], until }, id) {
  const page = $("template").content.cloneNode(true), [kind, sign] = told.signs[colour], verdict = $(".verdict", page), list = $("dl", page), spot = $(".note", page);
  verdict.classList.add(kind); $("path", verdict).setAttribute("d", sign); $("h1", verdict).textContent = title; $("p", verdict).textContent = under;
  spot.classList.add(colour === "red" ? "bad" : "warn"); spot.hidden = !notes.length; spot.replaceChildren(...notes.map(one => element("p", one)));
  $(".small", page).textContent = small;
  for (const [name, text] of [...claims, ...(until ? [[told.until, new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" }).format(until)]] : [])]) {
    const row = element("div", ""); row.append(element("dt", name), element("dd", text)); list.append(row);
  }
  $("button", page).onclick = () => { found.replaceChildren(); root.hidden = false; open = ""; seen = performance.now(); look(); };
  found.replaceChildren(page); root.hidden = true; open = id;
  $(".verdict", found).focus(); scrollTo(0, 0); showClock();
  if (felt !== id + colour) signal(colour);
  felt = id + colour;
}
const said = (words, value) => Array.isArray(value) ? value.map(one => said(words, one)).join(told.comma) : words?.[value] ?? (/^\d{4}-\d\d-\d\d$/.test(value) ? new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(new Date(value)) : String(value));
function hereShown({ verdict, pass }, at) {
  const small = say(told.here, { time: clockOf(at) });
  if (!known) return { colour: "amber", notes: [told.nolist], small };
  if (verdict !== "valid") return { ...known.verdicts[verdict], notes: [known.verdicts[verdict].detail], under: pass?.item.title, small };
  const claims = pass.item.claims.map(({ title, values }, i) => [title, pass.values[i], values]).filter(([, value]) => value !== null && value !== undefined).map(([title, value, words]) => [title, said(words, value)]);
  const about = { claims, until: pass.expires * 1000, small };
  return isFresh() ? { colour: "green", under: pass.item.title, ...about } : { colour: "amber", title: told.titles.old, under: old(told.oldlist), notes: [told.todo], ...about };
}
const platformShown = (one, at) => ({ colour: one.colour, under: one.item?.title, notes: [one.detail, one.seen_elsewhere && told.elsewhere].filter(Boolean), small: say(told.online, { time: clockOf(at) }),
  claims: (one.claims ?? []).map(({ title, text }) => [title, text]), until: one.expires_at && Date.parse(one.expires_at) });

// Scans that wait for the platform: in the storage, or with this page alone where that is full.
const scans = new Map(), loose = new Set(), labels = new Map(), asking = new Set();
let handing = null, again = 0;
// What was scanned by a guess of the time, now that the platform has told it.
function correct(off) {
  if (!clock.guessed) return;
  for (const scan of scans.values()) if (scan.guessed) { scan.at += off; scan.guessed = false; keepScan(scan); }
}
async function keepScan(scan) {
  scans.set(scan.id, scan);
  await stored("scans", "readwrite", all => all.put(scan, scan.id)).catch(() => { loose.add(scan.id); note("full", told.full); });
}
async function dropScan({ id }) {
  scans.delete(id);
  if (!loose.delete(id)) await stored("scans", "readwrite", all => all.delete(id));
  if (!loose.size) note("full", "");
}
function list() {
  const tag = { green: "ok", amber: "wait", red: "no" };
  section.hidden = !scans.size; $("h2", section).textContent = say(told.held, { n: scans.size });
  $("ul", section).replaceChildren(...[...scans.values()].slice(-MOST_SHOWN).reverse().map(({ id, at, colour, title }) => {
    const row = element("li", ""), line = element("p", "", "meta");
    line.append(element("span", title, `tag ${tag[colour]}`), element("span", labels.get(id) ?? "", "num"), element("time", clockOf(at))); row.append(line);
    return row;
  }));
}
async function handIn(some, ms) {
  const body = new URLSearchParams({ token: told.token, scans: JSON.stringify(some.map(({ box, live, sealed: closed, at }) => ({ box, sealed: live ?? closed, at: new Date(at).toISOString() }))) });
  const answer = heard(await fetch("/site/staff/scan/held", { method: "POST", body, signal: AbortSignal.timeout(ms) }));
  note("signin", [401, 403].includes(answer.status) ? told.signin : "");
  if (!answer.ok) throw new Error(answer.status);
  const outcomes = (await answer.json()).scans;
  await Promise.all(outcomes.map((_, i) => dropScan(some[i])));
  return outcomes;
}
function tell({ at, verdict }, outcome) {
  const time = clockOf(at), text = outcome.unsure ? say(told.untimed, { time }) : outcome.problem ? `${say(told.refused, { time })} ${outcome.problem}` : outcome.verdict === verdict ? "" : `${say(told.changed, { time, title: told.titles[outcome.colour] })} ${outcome.detail}`;
  if (text) { $("[data-told=changed]").append(element("li", text)); note("changed", true); }
}
const handInAll = () => handing ??= handInEach().finally(() => { handing = null; });
async function handInEach() {
  clearTimeout(again);
  if (clock.guessed && scans.size) await refresh();
  try {
    for (let some; (some = [...scans.values()].filter(({ id }) => !asking.has(id)).slice(0, MOST_AT_ONCE)).length;) {
      const outcomes = await handIn(some, BATCH_MS);
      outcomes.forEach((one, i) => tell(some[i], one));
      if (!outcomes.length) throw new Error("later");
      list();
    }
    note("busy", "");
  } catch { note("busy", told.busy); again = setTimeout(handInAll, AGAIN_MS); }
  list();
}

async function verify(text) {
  try { await verified(text); } catch { show({ colour: "amber", notes: [told.failed], small: clockOf(now()) }, ""); }
}
async function verified(text) {
  const at = now(), local = known ? await verdictOf(text, known, Math.floor(at / 1000)) : { verdict: "" }, shown = hereShown(local, at), id = crypto.randomUUID();
  const scan = { text, id, place: typed.elements.place.value }, live = await sealed(told.key, JSON.stringify(scan));
  const kept = { id, at, guessed: clock.guessed, whose: told.whose, box: told.box, verdict: local.verdict, colour: shown.colour, title: shown.title ?? told.titles[shown.colour], sealed: await sealed(told.key, JSON.stringify({ ...scan, scanned_at: new Date(at).toISOString() })) };
  if (shown.claims) labels.set(id, shown.claims[0]?.[1]);
  asking.add(id); isLeaving = false; note("leave", "");
  await keepScan(kept);
  // Verified by the platform now, and so without this phone's time; that counts where this attempt fails.
  // What is refused here is shown at once; what is valid once the platform has said so, or is slow. Its own word comes last.
  const answer = handIn([{ ...kept, live }], BATCH_MS).catch(() => { away(); return []; }).finally(() => asking.delete(id)), isRefused = local.verdict && local.verdict !== "valid";
  const [early] = isRefused ? [] : await Promise.race([answer, new Promise(done => { setTimeout(done, ANSWER_MS, []); })]);
  if (!early?.verdict) show(shown, id);
  const [outcome] = await answer;
  if (outcome?.verdict && (early || open === id)) show(platformShown(outcome, at), id);
  else if (outcome) tell(kept, outcome);
  list();
  if (!outcome) { clearTimeout(again); again = setTimeout(handInAll, AGAIN_MS); }
  else if (!isFresh() || scans.size) refresh().then(handInAll);
}

// The camera: one picture after another, for as long as nothing is found.
let last = "", seen = 0, hasCamera = false;
const decoder = new Worker(told.decoder);
decoder.onerror = () => { finder.hidden = true; note("camera", true); };
async function look() {
  if (!hasCamera || root.hidden) return;
  if (document.hidden || video.readyState < 2) { setTimeout(look, 250); return; }
  // What the page shows of it, and no more: what the officer doesn't see is not verified.
  const { videoWidth: width, videoHeight: height } = video, side = Math.min(width, height), picture = await createImageBitmap(video, (width - side) / 2, (height - side) / 2, side, side).catch(() => null);
  if (!picture) { setTimeout(look, 250); return; }
  decoder.postMessage(picture, [picture]);
}
decoder.onmessage = ({ data: { texts } }) => {
  const passes = texts.filter(one => /^B[SD]1:|#B[SD]1:/.test(one)), [text, other] = passes.length ? passes : texts;
  // The same one is verified again once it was away for a while; a picture that can't be read is no sign of that.
  if (texts.includes(last)) seen = performance.now(); else if (performance.now() - seen > AWAY_MS) last = "";
  note("two", other === undefined ? "" : told.two);
  if (text === undefined || other !== undefined || text === last || root.hidden) { setTimeout(look, BETWEEN_PICTURES_MS); return; }
  last = text; seen = performance.now();
  verify(text);
};
async function begin() {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } } });
    await video.play();
    finder.hidden = false; note("camera", "");
    if (!hasCamera) { hasCamera = true; look(); }
  } catch { note("camera", true); }
}

typed.addEventListener("submit", event => { event.preventDefault(); delete typed.dataset.sent; verify(typed.elements.text.value.trim()); typed.elements.text.value = ""; });
typed.elements.place.addEventListener("change", () => keep(`place ${told.whose}`, typed.elements.place.value));
$("button", section).onclick = () => handInAll();
addEventListener("online", () => refresh().then(handInAll));
// A sign-out hands in what it can; what is left, another officer's too, goes with it once that was said.
let isLeaving = false;
signOut.addEventListener("submit", event => {
  if (isLeaving) return;
  event.preventDefault();
  handInAll().then(() => stored("scans", "readonly", all => all.count()).catch(() => 0)).then(count => {
    if (!count && !scans.size) { signOut.submit(); return; }
    isLeaving = true; note("leave", told.leave); delete signOut.dataset.sent;
  });
});

// The page and its files are there without a network; those of an earlier release go.
const ready = navigator.serviceWorker?.register("/site/worker.js", { scope: "/site/staff/scan" }).then(async () => {
  // The decoder, a worker with a policy of its own, is of no page's scope.
  await navigator.serviceWorker.register("/site/worker.js", { scope: "/site/assets/" });
  const cache = await caches.open("scanner"), files = [...told.files, ...[...document.querySelectorAll("link[href*='/assets/'],script")].map(one => one.href ?? one.src)];
  await cache.addAll(new Set([location.pathname, ...files].map(one => new URL(one, location.href).href)));
  const version = told.decoder.split("/").at(-2);
  for (const { url } of await cache.keys()) if (url.includes("/assets/") && !url.includes(`/${version}/`)) await cache.delete(url);
}).catch(() => { /* it is there with a network */ });
const before = await Promise.all(["clock", "published", `place ${told.whose}`].map(name => stored("known", "readonly", all => all.get(name)).catch(() => null)));
if (before[0]) set(Date.now() < before[0].phone ? before[0].platform : Date.now() - before[0].phone + before[0].platform, Date.now() < before[0].phone, true);
if (before[1]) known = await opened(before[1]).catch(() => null);
typed.elements.place.value ||= before[2] ?? "";
const kept = (await stored("scans", "readonly", all => all.getAll()).catch(() => [])).filter(({ whose }) => whose === told.whose);
kept.sort((a, b) => a.at - b.at).forEach(scan => scans.set(scan.id, scan));
list();
begin();
await refresh();
await handInAll();
await ready;
root.dataset.ready = "";
