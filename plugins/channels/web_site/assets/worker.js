// Of the installed site: passes and messages are there without a network once they were looked at, until the sign-out. And of
// an officer's phone, in a scope of its own: the scanner. Neither has, or deletes, what the other has kept.
"use strict";
const FILES = /^\/site\/assets\//, LEAVING = /^(POST \/site\/sign-(in|out)|GET \/site\/signed-in)$/, isScanner = !registration.scope.endsWith("/site/"), KEPT = isScanner ? "scanner" : "kept";
const OWN = isScanner ? [/^\/site\/staff\/scan$/] : [/^\/site\/(inbox|passes)$/, /^\/site\/cases\/[^/]+\/(pass|files\/pass_picture)$/];
const found = request => caches.open(KEPT).then(one => one.match(request, { ignoreVary: true }));
addEventListener("install", () => skipWaiting());
addEventListener("activate", e => e.waitUntil(clients.claim()));
addEventListener("fetch", e => {
  const { pathname, origin } = new URL(e.request.url);
  // A browser where staff work too is not told to clear its storage then.
  if (!isScanner && LEAVING.test(`${e.request.method} ${pathname}`)) e.waitUntil(caches.delete(KEPT));
  if (e.request.method !== "GET" || origin !== location.origin || ![...OWN, FILES].some(one => one.test(pathname))) return;
  e.respondWith(fetch(e.request).then(async answer => {
    if (answer.status >= 500) return (await found(e.request)) ?? answer;
    if (answer.ok && !answer.redirected) (await caches.open(KEPT)).put(e.request, answer.clone());
    else if ((answer.redirected || answer.type === "opaqueredirect") && OWN.some(one => one.test(pathname))) await (isScanner ? caches.open(KEPT).then(one => one.delete(e.request, { ignoreVary: true })) : caches.delete(KEPT));
    return answer;
  }, async lost => (await found(e.request)) ?? Promise.reject(lost)));
});
addEventListener("push", e => e.waitUntil((async () => {
  const told = e.data?.json() ?? {};
  await registration.showNotification(told.title ?? "", { body: told.body ?? "", tag: told.thread ?? told.message_id, data: told.case });
})()));
addEventListener("notificationclick", e => { e.notification.close();
  e.waitUntil(clients.openWindow(e.notification.data ? `/site/cases/${e.notification.data}` : "/site/inbox")); });
