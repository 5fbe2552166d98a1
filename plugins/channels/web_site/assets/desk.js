// The desk, live: what happens comes by its stream, and forms are sent without leaving the page. Whole without this file.
const $ = (s, at = document) => at.querySelector(s), $$ = (s, at = document) => [...at.querySelectorAll(s)];
const desk = $("[data-desk]"), { at, open: opened, me, language } = desk.dataset;
const states = JSON.parse(desk.dataset.states), presence = JSON.parse(desk.dataset.presence), lost = desk.dataset.lost.split(" ");
const sleep = ms => new Promise(done => setTimeout(done, ms));
const parsed = text => new DOMParser().parseFromString(text, "text/html");
const templated = which => $(which).content.firstElementChild.cloneNode(true);

// At most one at a time, and one more for all that was asked for meanwhile.
const calmly = (act, pause) => { let wanted = false, runs = false;
  return async () => { wanted = true; if (runs) return; runs = true;
    while (wanted) { wanted = false; await sleep(pause); await act().catch(() => { /* the stream says when it is back */ }); }
    runs = false; }; };

// ---- clocks, by the server's time: this machine's may be a day off
const skew = Date.parse(desk.dataset.now) - Date.now(), two = n => String(n).padStart(2, "0");
const LATE_MS = 150_000;
const spelled = ms => { const s = Math.max(0, Math.floor(ms / 1000)), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`; };
const tick = (where = document) => { const now = Date.now() + skew;
  $$("[data-since],[data-until]", where).forEach(one => { const { since, until } = one.dataset, ms = since ? now - Date.parse(since) : Date.parse(until) - now, text = spelled(ms);
    if (one.textContent !== text) one.textContent = text; one.classList.toggle("late", !!since && ms > LATE_MS); }); };

// ---- parts of the page that another page has newer
const isTyped = part => part.contains(document.activeElement) && document.activeElement.matches("input,textarea,select") || $$("input:not([type=hidden]),textarea,select", part).some(one =>
  one.type === "file" ? one.files.length : one.type === "checkbox" || one.type === "radio" ? one.checked !== one.defaultChecked
    : one.matches("select") ? [...one.options].some(o => o.selected !== o.defaultSelected) && [...one.options].some(o => o.defaultSelected) : one.value !== one.defaultValue);
const isPane = () => getComputedStyle($("#talk")).overflowY === "auto";
const isAtEnd = () => { const talk = $("#talk"); return isPane() ? talk.scrollHeight - talk.scrollTop - talk.clientHeight < 120 : talk.getBoundingClientRect().bottom < innerHeight + 120; };
const toEnd = () => { const talk = $("#talk"); if (isPane()) talk.scrollTop = talk.scrollHeight; else talk.lastElementChild.scrollIntoView({ block: "end" }); };
const pictures = new Map();
const shown = () => pictures.forEach((picture, href) => { const a = $(`a[data-picture][href="${CSS.escape(href)}"]`); if (a && !a.contains(picture)) a.replaceChildren(picture); });
// What was typed goes on in the new part; where that has no such field, it stands where it can be read.
const keep = (old, whole) => $$("textarea", old).filter(one => one.value.trim()).forEach(one => { const there = $(`#${one.id}`, whole);
  if (there) { there.value = one.value; const within = there.closest("details"); if (within) within.open = true; return; }
  const note = templated("template[data-kept]"); $("blockquote", note).textContent = one.value.trim(); $("[data-part=say]").before(note); });
// Who listens hears what is new alone: the list stays, and its lines are changed in it.
const patch = (list, fresh) => { [...fresh.children].forEach((li, n) => { const at = list.children[n]; if (at?.outerHTML === li.outerHTML) return;
    const whole = document.importNode(li, true); if (li.id && at?.id === li.id) at.replaceWith(whole); else list.insertBefore(whole, at ?? null); });
  while (list.childElementCount > fresh.childElementCount) list.lastElementChild.remove(); };
const selector = one => one.id ? `#${CSS.escape(one.id)}` : one.matches("a[href]") ? `a[href="${CSS.escape(one.getAttribute("href"))}"]` : one.form ? `form[action="${CSS.escape(one.form.getAttribute("action"))}"] ${one.localName}` : "[autofocus]";
const swap = (page, force) => { const stays = isAtEnd();
  $$("[data-part]", page).forEach(fresh => { const { part, of } = fresh.dataset, old = $(`[data-part="${part}"]`);
    if (!old || old.outerHTML === fresh.outerHTML) return;
    const same = old.dataset.of === of;
    if (part === "say" && same && of) return;
    if (part !== force && same && isTyped(old)) return;
    // What was asked for in a form stands until it is asked for anew.
    if (["cases", "earlier", "found"].includes(part) && part !== force && !fresh.childElementCount) return;
    const list = part === "talk" && $("[data-talk]", old), listed = $("[data-talk]", fresh);
    if (list && listed) return patch(list, listed);
    const openly = $$("details", old).map(d => d.open), focus = document.activeElement, held = old.contains(focus);
    if (part === "about" && same) ["cases", "earlier", "found"].forEach(name => { const was = $(`[data-part=${name}]`, old), now = $(`[data-part=${name}]`, fresh); if (was && now && name !== force && !now.childElementCount) now.replaceWith(was.cloneNode(true)); });
    const whole = document.importNode(fresh, true);
    keep(old, whole); old.replaceWith(whole);
    if (same) $$("details", whole).forEach((d, n) => { d.open ||= !!openly[n]; });
    if (held) ($(selector(focus), whole) ?? whole.closest(".pane")).focus({ preventScroll: true }); });
  shown(); tick(); restore(); count(); if (stays) toEnd(); };
const read = async address => { const answer = await fetch(address, { redirect: "manual" });
  if (answer.type === "opaqueredirect") out(true); else if (answer.ok) return parsed(await answer.text()); return null; };
const renewed = async () => { if (!opened) return; const page = await read(`${at}/enquiries/${opened}?part=talk`); if (page) swap(page); };
// What words and receipts change beside themselves, such as how many more can be sent, has time.
const refresh = calmly(renewed, 300), refreshLater = calmly(renewed, 2_000);
const refreshAll = calmly(async () => { const page = await read(location.pathname); if (page) swap(page); }, 0);

// ---- the queue
const LIVE = ["waiting", "held"], lines = which => $(`[data-rows="${which}"]`);
const count = () => { $$("[data-rows]").forEach(list => { const n = list.childElementCount, which = list.dataset.rows;
    $(`[data-count="${which}"]`).textContent = n; $(`[data-section="${which}"]`).hidden = !n && which !== "waiting"; });
  $("[data-alarm]").hidden = !lines("danger").childElementCount;
  $("[data-waiting]").textContent = lines("waiting").childElementCount + lines("danger").childElementCount; };
const lineOf = id => $(`[data-rows]>[data-id="${id}"]`);
const put = line => { const list = lines(line.dataset.list), { order, id } = line.dataset; lineOf(id)?.remove();
  if (id === opened) $("a", line).setAttribute("aria-current", "true");
  const next = [...list.children].find(one => one.dataset.order > order || one.dataset.order === order && one.dataset.id > id);
  list.insertBefore(line, next ?? null); };
const stale = new Set(), AT_ONCE = 20;
const renew = calmly(async () => { const ids = [...stale].slice(0, AT_ONCE); ids.forEach(one => stale.delete(one));
  const page = await read(`${at}/rows?ids=${ids}`); if (!page) return;
  const found = $$("[data-id]", page);
  ids.filter(id => !found.some(one => one.dataset.id === id)).forEach(id => lineOf(id)?.remove());
  found.forEach(one => { const line = document.importNode(one, true); tick(line); put(line); }); count(); if (stale.size) renew(); }, 15);
const heard = content => content.text || content.voice ? desk.dataset.quote.replace("{text}", () => (content.text || content.voice).slice(0, 200)) : desk.dataset.file;
const line = (what, one, words) => { const there = lineOf(one.id);
  if (!LIVE.includes(one.state)) { there?.remove(); return count(); }
  const is = `${one.state} ${one.officer?.id ?? ""} ${one.urgent}`;
  if (!there || there.dataset.as !== is || what === "heard" && !words && one.state === "waiting" && !$("[data-said]", there).textContent) { stale.add(one.id); return renew(); }
  const clock = $("[role=timer]", there); if (one.owed_since) clock.dataset.since = one.owed_since; else { delete clock.dataset.since; clock.textContent = ""; }
  if (words?.by === "citizen") $("[data-said]", there).textContent = heard(words.content); tick(there); };
const room = told => { const list = $(`[data-room="${told.desk}"]`); if (!list) return;
  list.replaceChildren(...told.officers.map(one => { const li = templated("template[data-officer]"), [tag, holds] = $$("span", li);
    $("b", li).textContent = one.name; tag.textContent = presence[one.state]; tag.className = `tag ${{ online: "ok", full: "wait" }[one.state] ?? "off"}`;
    holds.textContent = one.most ? `${one.holds}/${one.most}` : one.holds; return li; })); };

// ---- the talk
const became = (id, state, why) => { const li = document.getElementById(`m${id}`); if (!li) return;
  li.classList.toggle("fail", lost.includes(state)); const told = $("[data-state]", li); told.dataset.state = state;
  told.textContent = states[state] + (why ? desk.dataset.colon + (why[language] ?? why.en) : ""); };
const append = words => { const list = $("[data-talk]"), { content } = words; if (!list) return false; if (document.getElementById(`m${words.id}`)) return true;
  const text = content.text || content.voice; if (!text || "file" in content) return false;
  const li = templated(`template[data-message="${words.by === "citizen" ? "citizen" : "officer"}"]`), stays = isAtEnd();
  li.id = `m${words.id}`; $("[data-text]", li).textContent = text; const time = $("time", li); time.dateTime = words.at; time.textContent = words.at.slice(11, 16);
  list.append(li); if (words.state) became(words.id, words.state); if (stays) toEnd(); return true; };
document.addEventListener("click", e => { const a = e.target.closest("a[data-picture]"); if (!a || e.ctrlKey || e.metaKey || pictures.has(a.getAttribute("href"))) return; e.preventDefault();
  const picture = Object.assign(new Image(), { alt: a.textContent }), href = a.getAttribute("href");
  picture.onload = () => { pictures.set(href, picture); shown(); toEnd(); }; picture.onerror = () => { delete a.dataset.picture; a.after(` ${desk.dataset.beside}`); }; picture.src = a.href; });

// ---- what was typed outlives the page, in this tab
const draft = () => $("[data-draft]"), nameOf = one => `desk ${one.dataset.draft}`;
const restore = () => { const one = draft(); if (one && !one.value) one.value = sessionStorage.getItem(nameOf(one)) ?? ""; };
document.addEventListener("input", e => { if (e.target === draft()) sessionStorage.setItem(nameOf(e.target), e.target.value);
  if (e.target.matches("[data-letters]")) { const by = e.target.value.trim().toLowerCase(); $$("[data-by]").forEach(one => { one.hidden = !one.dataset.by.includes(by); }); } });

// ---- canned answers: into the answer, where they may be changed; unchanged they go in the citizen's language
const canned = button => { const answer = draft(), is = !answer.value.trim(); answer.setRangeText(button.dataset.text, is ? 0 : answer.selectionStart, is ? answer.value.length : answer.selectionEnd, "end");
  answer.dataset.phrase = is ? button.value : ""; answer.dataset.whole = answer.value; sessionStorage.setItem(nameOf(answer), answer.value); answer.focus(); };
document.addEventListener("click", e => { const button = e.target.closest("[data-by]"); if (button) { e.preventDefault(); canned(button); } });
// Enter that ends an input method's word is that word's; Safari says so by the code alone.
document.addEventListener("keydown", e => { if (e.isComposing || e.keyCode === 229) return; if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && e.target === draft()) e.target.form.requestSubmit();
  if (e.key === "Enter" && e.target.matches("[data-letters]")) { e.preventDefault(); const first = $$("[data-by]").find(one => !one.hidden); if (first) canned(first); } });

// ---- forms, without leaving the page
const key = () => [...crypto.getRandomValues(new Uint8Array(16))].map(one => one.toString(16).padStart(2, "0")).join("");
const tell = (form, ...what) => { const there = $("[data-told]", form) ?? form.appendChild(Object.assign(document.createElement("div"), { role: "alert" })); there.dataset.told = ""; there.replaceChildren(...what); };
const noted = text => Object.assign(document.createElement("p"), { className: "note bad", textContent: text });
const refused = (form, page) => { const trouble = $("[data-trouble]", page), token = $("input[name=token]", page)?.value;
  // Who is signed in by now stands in the page's head and foot, before anything more is sent in their name.
  if (token) { $$("input[name=token]").forEach(one => { one.value = token; }); [".brand", ".foot"].forEach(one => $(one).replaceWith(document.importNode($(one, page), true))); }
  tell(form, trouble ? document.importNode(trouble, true) : noted($("main p", page)?.textContent ?? desk.dataset.away)); };
// What was typed or chosen while it was on its way isn't sent, and stays.
const done = (form, sent) => { tell(form);
  const newer = [...form.elements].filter(one => sent.get(one) !== one.value).map(one => [one, one.value, [...one.files ?? []]]);
  $$("textarea", form).forEach(one => { one.defaultValue = ""; }); form.reset();
  newer.forEach(([one, text, files]) => { const was = sent.get(one), chosen = new DataTransfer(); files.forEach(file => chosen.items.add(file));
    if (one.type === "file") one.files = chosen.files; else one.value = one.matches("textarea") && text.startsWith(was) ? text.slice(was.length).trimStart() : text; });
  const answer = $("[data-draft]", form); if (answer) { sessionStorage.setItem(nameOf(answer), answer.value); delete answer.dataset.phrase; }
  $$("[name=key]").forEach(one => { one.value = key(); }); };
document.addEventListener("submit", async e => { const form = e.target; if (!form.matches("[data-send]")) return; e.preventDefault(); if (form.dataset.busy) return;
  const body = new FormData(form, e.submitter), answer = $("[data-draft]", form), isFind = e.submitter?.name === "find", named = form.action.split("/").at(-1);
  if (answer?.dataset.phrase && answer.value === answer.dataset.whole) { body.set("phrase", answer.dataset.phrase); body.delete("text"); }
  const sent = new Map([...form.elements].map(one => [one, one.value])); form.dataset.busy = "1";
  try { const got = await fetch(form.action, { method: "POST", body, redirect: "manual" });
    if (got.type === "opaqueredirect") { out(false); if (!isFind) done(form, sent); const fresh = form.action.includes("/desks/") ? refreshAll() : refresh();
      // What bears a key may be sent again at once, and not only when nothing happens any more.
      if (!form.elements.key) await fresh; return; }
    const page = parsed(await got.text());
    if (!got.ok) return refused(form, page);
    if (form.matches("[data-takes-back]")) { draft().value ||= body.get("text"); sessionStorage.setItem(nameOf(draft()), draft().value); return refresh(); }
    if (!isFind) done(form, sent); swap(page, { offers: "found", reading: "talk" }[named] ?? named);
  } catch { tell(form, noted(desk.dataset.away)); } finally { delete form.dataset.busy; } });

// ---- the stream: it goes on where it broke
const BECAME = ["accepted", "delivered", "failed", "shut", "late", "refused", "unknown"];
const HAPPENED = [...BECAME, "queued", "word", "urgent", "heard", "left", "delayed", "claimed", "given", "returned", "lapsed", "transferred", "taken-over", "answered", "note", "labelled",
  "cases", "file", "read", "closed", "rated", "flood", "blocked", "unblocked", "offered", "agreed", "declined", "filed"];
const ASIDE = ["note", "labelled", "cases", "file", "read", "rated", "flood", ...BECAME];
const FIRST_MS = 2_000, MOST_MS = 60_000, BACK_MS = 50 * 60_000;
let last = desk.dataset.after, stream, broke = 0, pause = FIRST_MS, isOut = false;
const out = is => { isOut = is; $("[data-out]").hidden = !is; if (!is && stream?.readyState === EventSource.CLOSED) follow(); };
const happened = e => { const { enquiry, words, message, why } = JSON.parse(e.data), what = e.type; last = e.lastEventId || last;
  if (enquiry.id === opened) { if (BECAME.includes(what)) became(message, what, why);
    if (BECAME.includes(what) || words && append(words)) refreshLater();
    // Who only reads changes nothing of what is shown.
    else if (!["cases", "file", "read"].includes(what)) refresh(); }
  if (what === "urgent" || what === "queued" && enquiry.urgent) { const alarm = $("[data-danger]"); alarm.textContent = ""; alarm.textContent = alarm.dataset.text; }
  if (!ASIDE.includes(what)) line(what, enquiry, words); };
const follow = () => { stream = new EventSource(`${at}/stream?after=${last}`);
  HAPPENED.forEach(name => stream.addEventListener(name, happened)); stream.addEventListener("room", e => room(JSON.parse(e.data)));
  stream.onopen = () => { $("[data-offline]").hidden = true; if (broke && Date.now() - broke > BACK_MS) refreshAll(); broke = 0; pause = FIRST_MS; };
  stream.onerror = async () => { broke ||= Date.now(); $("[data-offline]").hidden = isOut;
    if (stream.readyState !== EventSource.CLOSED) return;
    // A browser gives up for good where it is answered otherwise: signed out, or too many tabs.
    await sleep(pause + Math.random() * pause); pause = Math.min(MOST_MS, pause * 2);
    const page = await read(`${at}/rows`).catch(() => null); if (isOut) { $("[data-offline]").hidden = true; return; }
    if (page || !isOut) follow(); }; };
addEventListener("pagehide", () => stream.close());
addEventListener("pageshow", e => { if (e.persisted) location.reload(); });
addEventListener("focus", () => { if (isOut) read(`${at}/rows`).then(page => { if (page) out(false); }).catch(() => { /* still away */ }); });

$("[data-find]")?.remove(); tick(); setInterval(() => tick(), 1000); restore(); follow();
// Once the browser is where the address leads: the last words are the ones that count.
if (opened) addEventListener("load", () => setTimeout(toEnd));
