// A form's patterns are ECMA-262's with the flag `u`, as far as linear time allows; what the platform's engine reads in
// another way is written anew.

const known = new Map<string, RegExp | null>();

/** Whether a text meets a pattern. One that can't be read here is the platform's to judge. */
export function isMet(pattern: string, text: string): boolean {
  let compiled = known.get(pattern);
  if (compiled === undefined) known.set(pattern, (compiled = compile(pattern)));
  return compiled === null || compiled.test(text);
}

function compile(pattern: string): RegExp | null {
  let inside = false;
  const written = pattern.replace(/\\.|./gsu, (sign) => {
    if (sign === "[" || sign === "]") inside = sign === "[";
    // There a dot is anything but a line's end, which is "\n" alone.
    if (sign === "." && !inside) return "[^\\n]";
    // With the flag `u` only signs that mean something may be escaped; there any may.
    return /^\\[!"#%&',:;<=>@_`~ -]$/u.test(sign) && !(inside && sign === "\\-") ? sign.slice(1) : sign;
  });
  try {
    return new RegExp(written, "u");
  } catch {
    return null;
  }
}
