// Everything works without this file. It only makes pages better: no framework, no inline code, no text of its own.
"use strict";
const $ = (s, at = document) => at.querySelector(s), $$ = (s, at = document) => [...at.querySelectorAll(s)];

// Mistakes: the summary takes the focus once the page is there, its links go to the field.
const errors = $(".errors");
if (errors) { errors.tabIndex = -1; errors.focus(); }
$$(".errors a").forEach(a => a.onclick = e => { const f = document.getElementById(a.hash.slice(1)); if (f) { e.preventDefault(); f.focus(); f.scrollIntoView({block: "center"}); } });

// How many characters are left, said after a pause.
$$("textarea[maxlength]").forEach(t => { const out = document.getElementById(t.dataset.left); if (!out) return; let w;
  t.addEventListener("input", () => { clearTimeout(w); w = setTimeout(() => out.textContent = out.dataset.text.replace("{n}", t.maxLength - t.value.length), 400); }); });

// Questions that are asked only after an answer beside them (x-when): shown and sent only then.
const form = $("form[data-form]");
const given = name => $$(`[name="${CSS.escape(name)}"]`, form).filter(i => !i.disabled && (i.type !== "radio" && i.type !== "checkbox" || i.checked)).map(i => i.value);
const ask = () => $$("[data-when]", form).forEach(f => {
  const on = Object.entries(JSON.parse(f.dataset.when)).every(([name, want]) => given(name).some(v => want.includes(v)));
  f.hidden = !on; $$("input,select,textarea,button", f).forEach(i => i.disabled = !on); });
if (form) { form.addEventListener("change", ask); ask(); }

// The phone's place goes beside the words, never instead of them; asked for only when wanted.
$$("[data-here]").forEach(b => { const at = k => $(`[data-place="${k}"]`, b.closest("fieldset") ?? form) ?? $(`[data-place="${k}"]`, form);
  if (!navigator.geolocation || !at("latitude") || !at("longitude")) return; b.hidden = false;
  b.onclick = () => navigator.geolocation.getCurrentPosition(p => { at("latitude").value = p.coords.latitude.toFixed(6); at("longitude").value = p.coords.longitude.toFixed(6);
    const out = $("[data-text]", b.parentNode); out.textContent = out.dataset.text.replace("{n}", Math.round(p.coords.accuracy)); }, () => { b.hidden = true; }); });

// A server that is away takes nothing with it: the form stays as it is, and says so.
if (form) form.addEventListener("submit", e => { if (form.dataset.there) return; e.preventDefault(); e.stopImmediatePropagation();
  const away = $("[data-away]", form), { submitter } = e;
  fetch("/site/manifest.webmanifest", { cache: "no-store", signal: AbortSignal.timeout?.(4000) }).then(answer => { if (!answer.ok) throw new Error(answer.status);
    form.dataset.there = "1"; form.requestSubmit(submitter); delete form.dataset.there; if (away) away.hidden = true; }).catch(() => { if (away) away.hidden = false; }); });

// Once is enough: a button that was pressed twice.
$$("form").forEach(f => f.addEventListener("submit", e => { if (f.dataset.sent) e.preventDefault(); f.dataset.sent = "1"; setTimeout(() => delete f.dataset.sent, 4000); }));
addEventListener("pageshow", () => $$("form").forEach(f => delete f.dataset.sent));

// Another member of staff finds neither drafts nor a page of whoever was here before; scans that wait are sealed, and stay.
const staff = $("form[action$='/staff/sign-out'] [name=token]")?.value;
if (staff && staff !== sessionStorage.getItem("staff")) { if (sessionStorage.getItem("staff")) { sessionStorage.clear(); globalThis.caches?.delete("scanner"); } sessionStorage.setItem("staff", staff); }

// Scans that wait on an officer's phone go in, or are warned of, before a sign-out deletes them: the scanner does both.
const leaving = $("form[action$='/staff/sign-out']"), scanner = $("a[href$='/staff/scan']");
if (leaving && scanner && !$("[data-scan]")) leaving.addEventListener("submit", e => { e.preventDefault();
  import("./scan_store.js").then(({ stored }) => stored("scans", "readonly", all => all.count())).catch(() => 0).then(count => { if (count) location.assign(scanner.href); else leaving.submit(); }); });

// Installed, the site keeps passes and messages for when there is no network; in a browser's window it keeps nothing.
if ("serviceWorker" in navigator && matchMedia("(display-mode: standalone)").matches) navigator.serviceWorker.register("/site/worker.js", { scope: "/site/" }).catch(() => { /* the network has all of it */ });

// Messages live: that there are new ones is said where they are listed.
const told = $("[data-new]");
if (told) (async () => {
  const answer = await fetch("/site/inbox/stream", { method: "POST", body: new URLSearchParams({ token: told.dataset.token }) });
  if (!answer.ok) return;
  const stream = new EventSource(`${(await answer.json()).stream}&after=${told.dataset.new}`);
  stream.addEventListener("message", () => { told.hidden = false; });
  addEventListener("pagehide", () => stream.close());
})().catch(() => { /* the next page has them */ });

// Pushes to this browser, where the city has a key for them and somebody wants them.
const subscribe = async b => {
  const kept = await navigator.serviceWorker.register("/site/worker.js", { scope: "/site/" });
  await navigator.serviceWorker.ready;
  const subscription = await kept.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: b.dataset.push });
  const answer = await fetch("/site/inbox/push", { method: "POST", body: new URLSearchParams({ token: b.dataset.token, subscription: JSON.stringify(subscription) }) });
  $("[data-pushed]", b.parentNode).hidden = !answer.ok; b.hidden = answer.ok; };
$$("[data-push]").forEach(b => { if (!("PushManager" in window && "serviceWorker" in navigator)) return; b.hidden = false;
  b.onclick = () => subscribe(b).catch(() => { b.hidden = true; }); });

// A code that a camera has opened: what stands behind the # was sent to nobody yet. It leaves the address, and is verified;
// so is one that is opened where the verdict on another stands, which goes at once.
const verify = $("form[data-verify]"), opened = () => { if (!/^#B[SD]1:/.test(location.hash)) return;
  $$(".verdict,.sheet").forEach(one => one.hidden = true);
  verify.elements.text.value = location.href; history.replaceState(null, "", location.pathname); verify.submit(); };
if (verify) { addEventListener("hashchange", opened); opened(); }
