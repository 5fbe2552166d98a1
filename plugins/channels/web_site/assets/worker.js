// Of the installed site, and of an officer's phone: passes, messages and the scanner are there without a network once they were
// looked at, until the sign-out.
"use strict";
const KEPT = "kept", OWN = [/^\/site\/(inbox|passes|staff\/scan)$/, /^\/site\/cases\/[^/]+\/(pass|files\/pass_picture)$/], FILES = /^\/site\/assets\//;
addEventListener("install", () => skipWaiting());
addEventListener("activate", e => e.waitUntil(clients.claim()));
addEventListener("fetch", e => {
  const { pathname, origin } = new URL(e.request.url);
  if (e.request.method !== "GET" || origin !== location.origin || ![...OWN, FILES].some(one => one.test(pathname))) return;
  e.respondWith(fetch(e.request).then(async answer => {
    if (answer.status >= 500) return (await caches.match(e.request, { ignoreVary: true })) ?? answer;
    if (answer.ok && !answer.redirected) (await caches.open(KEPT)).put(e.request, answer.clone());
    else if ((answer.redirected || answer.type === "opaqueredirect") && OWN.some(one => one.test(pathname))) await caches.delete(KEPT);
    return answer;
  }, async lost => (await caches.match(e.request, { ignoreVary: true })) ?? Promise.reject(lost)));
});
addEventListener("push", e => e.waitUntil((async () => {
  const told = e.data?.json() ?? {};
  await registration.showNotification(told.title ?? "", { body: told.body ?? "", tag: told.thread ?? told.message_id, data: told.case });
})()));
addEventListener("notificationclick", e => { e.notification.close();
  e.waitUntil(clients.openWindow(e.notification.data ? `/site/cases/${e.notification.data}` : "/site/inbox")); });
