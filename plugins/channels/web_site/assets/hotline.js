// The hotline, live: a call that rings, and who has which, come by the desk's stream. Whole without this file.
const $ = (s, at = document) => at.querySelector(s), $$ = (s, at = document) => [...at.querySelectorAll(s)];
const room = $("[data-hotline]"), { at, stream, after } = room.dataset, sleep = ms => new Promise(done => setTimeout(done, ms));
let wanted = false, runs = false;
// Another page has it newer: what somebody is in the middle of stays.
const renew = async () => { wanted = true; if (runs) return; runs = true;
  while (wanted) { wanted = false; await sleep(200);
    const answer = await fetch(`${at}?part=all`, { redirect: "manual" }).catch(() => null);
    if (!answer?.ok) continue;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    $$("[data-part]").forEach(old => { const fresh = $(`[data-part="${old.dataset.part}"]`, page);
      if (!fresh || old.outerHTML === fresh.outerHTML || old.contains(document.activeElement)) return;
      old.replaceWith(document.importNode(fresh, true)); }); }
  runs = false; };
const source = new EventSource(`${stream}?after=${after}`), rings = $("[data-rings]");
const heard = event => { const { enquiry } = JSON.parse(event.data); if (enquiry?.kind !== "call") return;
  if (event.type === "queued") { rings.textContent = ""; rings.textContent = rings.dataset.text; }
  renew(); };
["queued", "claimed", "given", "transferred", "returned", "left", "closed", "filed"].forEach(name => source.addEventListener(name, heard));
source.onerror = () => { $("[data-offline]").hidden = false; };
source.onopen = () => { $("[data-offline]").hidden = true; renew(); };
