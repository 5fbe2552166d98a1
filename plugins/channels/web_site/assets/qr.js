// A QR code of what a pass says (ISO/IEC 18004): an address as bytes, the rest alphanumeric; level M, the smallest size.
const EC = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, ...Array(19).fill(28)];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49];
const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", QUIET = 4;

// The field of 256 elements by which mistakes are mended.
const EXP = [], LOG = [];
for (let i = 0, x = 1; i < 255; i += 1, x = x << 1 ^ (x > 127 ? 0x11d : 0)) { EXP[i] = x; LOG[x] = i; }
const times = (a, b) => a && b ? EXP[(LOG[a] + LOG[b]) % 255] : 0;
function remainder(data, degree) {
  let divisor = [1];
  for (let i = 0; i < degree; i += 1) divisor = [...divisor, 0].map((one, at) => one ^ times(divisor[at - 1] ?? 0, EXP[i]));
  return data.reduce((rest, one) => { const factor = one ^ rest[0]; return [...rest.slice(1), 0].map((each, at) => each ^ times(divisor[at + 1], factor)); }, Array(degree).fill(0));
}

// Where the small squares are, and how many bits there are for data and for mending.
function places(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2, step = Math.floor((version * 8 + count * 3 + 5) / (count * 4 - 4)) * 2, found = [];
  for (let at = version * 4 + 10; found.length < count - 1; at -= step) found.unshift(at);
  return [6, ...found];
}
function room(version) {
  const count = places(version).length;
  return (16 * version + 128) * version + 64 - (count ? (25 * count - 10) * count - 55 : 0) - (version > 6 ? 36 : 0);
}

function coded(before, text) {
  const bits = [], push = (value, length) => { for (let i = length - 1; i >= 0; i -= 1) bits.push(value >>> i & 1); };
  const wide = version => version < 10 ? 9 : version < 27 ? 11 : 13, address = new TextEncoder().encode(before);
  const head = version => address.length ? 4 + (version < 10 ? 8 : 16) + address.length * 8 : 0, need = Math.floor(text.length / 2) * 11 + text.length % 2 * 6;
  const held = version => (room(version) >> 3) - EC[version - 1] * BLOCKS[version - 1];
  let version = 1;
  while (held(version) * 8 < head(version) + 4 + wide(version) + need) version += 1;
  if (address.length) { push(4, 4); push(address.length, version < 10 ? 8 : 16); address.forEach(one => push(one, 8)); }
  push(2, 4); push(text.length, wide(version));
  for (let i = 0; i < text.length; i += 2) { const [a, b] = [...text.slice(i, i + 2)].map(one => LETTERS.indexOf(one)); if (b === undefined) push(a, 6); else push(a * 45 + b, 11); }
  push(0, Math.min(4, held(version) * 8 - bits.length)); push(0, -bits.length & 7);
  const data = Array.from({ length: held(version) }, (_, at) => at * 8 < bits.length ? parseInt(bits.slice(at * 8, at * 8 + 8).join(""), 2) : (at - bits.length / 8) % 2 ? 0x11 : 0xec);
  const count = BLOCKS[version - 1], short = Math.floor(data.length / count), blocks = [];
  for (let at = 0, i = 0; i < count; i += 1) { const size = short + (i < count - data.length % count ? 0 : 1); blocks.push(data.slice(at, at + size)); at += size; }
  const woven = rows => Array.from({ length: Math.max(...rows.map(row => row.length)) }, (_, at) => rows.map(row => row[at]).filter(one => one !== undefined)).flat();
  return { version, bytes: [...woven(blocks), ...woven(blocks.map(one => remainder(one, EC[version - 1])))] };
}

// The squares, row by row; what isn't fixed takes the data, with every second of it turned over.
export function squares(before, text) {
  const { version, bytes } = coded(before, text), size = version * 4 + 17, dark = Array.from({ length: size }, () => Array(size).fill(undefined));
  const set = (x, y, on) => { if (x >= 0 && y >= 0 && x < size && y < size) dark[y][x] = on; };
  for (let i = 0; i < size; i += 1) { set(6, i, i % 2 === 0); set(i, 6, i % 2 === 0); }
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]]) for (let i = -4; i < 5; i += 1) for (let j = -4; j < 5; j += 1) { const far = Math.max(Math.abs(i), Math.abs(j)); set(x + i, y + j, far !== 2 && far !== 4); }
  const small = places(version), last = small.length - 1;
  small.forEach((x, i) => small.forEach((y, j) => { if (i === 0 && (j === 0 || j === last) || i === last && j === 0) return;
    for (let a = -2; a < 3; a += 1) for (let b = -2; b < 3; b += 1) set(x + a, y + b, Math.max(Math.abs(a), Math.abs(b)) !== 1); }));
  // Level M and the first mask, as they are written; the number of a large code.
  const kind = 0x5412, bit = (value, i) => (value >>> i & 1) === 1;
  for (let i = 0; i < 15; i += 1) { set(8, i < 6 ? i : i < 8 ? i + 1 : size - 15 + i, bit(kind, i)); set(i < 8 ? size - 1 - i : i < 9 ? 7 : 14 - i, 8, bit(kind, i)); }
  set(8, size - 8, true);
  if (version > 6) { let rest = version; for (let i = 0; i < 12; i += 1) rest = rest << 1 ^ (rest >>> 11) * 0x1f25;
    for (let i = 0; i < 18; i += 1) { const on = bit(version << 12 | rest, i), a = size - 11 + i % 3, b = Math.floor(i / 3); set(a, b, on); set(b, a, on); } }
  let at = 0;
  for (let right = size - 1; right > 0; right -= 2) { if (right === 6) right = 5;
    for (let i = 0; i < size; i += 1) for (const x of [right, right - 1]) { const y = (right + 1 & 2) === 0 ? size - 1 - i : i;
      if (dark[y][x] === undefined) { dark[y][x] = (at < bytes.length * 8 && bit(bytes[at >> 3], 7 - (at & 7))) !== ((x + y) % 2 === 0); at += 1; } } }
  return dark;
}

// It on a canvas, whole squares with a quiet zone.
export function draw(canvas, before, text) {
  const rows = squares(before, text), scale = Math.max(4, Math.floor(704 / (rows.length + 2 * QUIET))), pen = canvas.getContext("2d");
  canvas.width = canvas.height = (rows.length + 2 * QUIET) * scale;
  pen.fillStyle = "#fff"; pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#000";
  rows.forEach((row, y) => row.forEach((on, x) => { if (on) pen.fillRect((x + QUIET) * scale, (y + QUIET) * scale, scale, scale); }));
}
