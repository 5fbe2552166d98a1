// Reads QR codes in the camera's pictures, beside the page: the one script that may run WebAssembly, as the policy that it
// comes with says.
"use strict";
importScripts("zxing_reader.js");
const OPTIONS = { formats: ["QRCode"], tryHarder: true, tryInvert: false, maxNumberOfSymbols: 4 };
ZXingWASM.prepareZXingModule({ overrides: { locateFile: name => new URL(name, location.href).href }, fireImmediately: true });
let pen;
addEventListener("message", async ({ data: picture }) => {
  const { width, height } = picture;
  if (pen?.canvas.width !== width || pen.canvas.height !== height) pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, 0, 0);
  picture.close();
  const begun = performance.now(), found = await ZXingWASM.readBarcodes(pen.getImageData(0, 0, width, height), OPTIONS).catch(() => []);
  postMessage({ texts: [...new Set(found.filter(one => one.isValid).map(({ text }) => text))], took: performance.now() - begun });
});
