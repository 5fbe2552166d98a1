// A page that draws any served form by @rjsf/core, as an app would that knows nothing of this platform.

import Form from "@rjsf/core";
import { customizeValidator } from "@rjsf/validator-ajv8";
import Ajv2020 from "ajv/dist/2020.js";
import { createElement } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { FORMATS } from "./formats.mjs";

const validator = customizeValidator({
  AjvClass: Ajv2020,
  ajvOptionsOverrides: { strict: false },
  customFormats: FORMATS,
});

/** Draw a form with answers in it and press its button: what was handed in, what was refused, and all that it shows. */
globalThis.judge = async (schema, formData) => {
  const place = document.body.appendChild(document.createElement("div"));
  const root = createRoot(place);
  const told = {};
  const options = {
    schema,
    formData,
    validator,
    // Unless it is told otherwise, a list that may be left out is begun with an empty entry, which is then refused.
    experimental_defaultFormStateBehavior: { arrayMinItems: { populate: "requiredOnly" } },
    onSubmit: (event) => (told.submitted = event.formData),
    onError: (errors) => (told.refused = errors.map((error) => error.stack)),
  };
  flushSync(() => root.render(createElement(Form, { ...options, noHtml5Validate: true })));
  place.querySelector("button[type=submit]").click();
  for (let turn = 0; turn < 200 && told.submitted === undefined && told.refused === undefined; turn++) {
    await new Promise((next) => setTimeout(next, 10));
  }
  const words = [...place.querySelectorAll("label, legend, h5, p, option")].map((one) => one.textContent);
  const fields = place.querySelectorAll("input, select, textarea").length;
  root.unmount();
  place.remove();
  return { ...told, words, fields };
};
