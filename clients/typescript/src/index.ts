export { type Choice, type Field, fieldsOf, type Group, groupsOf } from "./form/fields.js";
export { type Circumstances, Form } from "./form/form.js";
export type { Problem } from "./form/judging.js";
export type { FormSchema, Json, Schema } from "./form/schema.js";
export { type Call, Client, type Options } from "./http/client.js";
export { type FieldProblem, ProblemError, Unreachable } from "./http/problems.js";
export { type Following, Inbox } from "./inbox/inbox.js";
export type { Change, Message } from "./inbox/messages.js";
export { Receipts, type Told } from "./inbox/receipts.js";
export { nameOf } from "./names.js";
export { DeviceInbox, DeviceTable, openDatabase } from "./stores/indexeddb.js";
export { type InboxStore, MemoryInbox, MemoryTable, type Table } from "./stores/stores.js";
export { fillIn, type Known, type Prefill, prefill } from "./prefill.js";
export {
  act,
  type Action,
  type Attachment,
  begin,
  type Begun,
  type Item,
  type Place,
  type Stateful,
  upload,
} from "./verbs.js";
