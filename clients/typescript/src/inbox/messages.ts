/** A message, as `GET /v1/inbox` and the stream give it. */
export interface Message {
  readonly id: string;
  /** Its number in the person's own log; a notice or an alert for many has none. */
  readonly seq?: number | null;
  /** Its place, as the page or the stream that brought it says. */
  readonly cursor?: string;
  /** `case`, `notice`, `alert`, or one that a client of today doesn't know yet: show title and body. */
  readonly kind: string;
  /** `live`, `team` or `test`: what is made up is shown with a mark. */
  readonly mode: string;
  readonly title: string;
  readonly body: string;
  /** A path of the API that the message leads to. */
  readonly link?: string;
  /** The id of the one that it takes the place of. */
  readonly supersedes?: string;
  readonly created_at: string;
  readonly expires_at?: string;
  readonly case?: string | null;
  readonly item?: string | null;
  readonly number?: string | null;
  readonly state?: string | null;
  readonly category?: string | null;
  readonly severity?: string | null;
  readonly read_at?: string | null;
  readonly archived_at?: string | null;
  readonly [member: string]: unknown;
}

/** What the person has done with a message on any of their devices, or with all up to a place. */
export interface Change {
  readonly id: string | null;
  readonly through: string | null;
  readonly read_at: string | null;
  readonly archived_at: string | null;
  readonly deleted_at: string | null;
}

/** A message after a change; undefined where it is deleted. */
export function changed(message: Message, change: Change): Message | undefined {
  const { id, through, read_at, archived_at, deleted_at } = change;
  if (id === message.id) return deleted_at === null ? { ...message, read_at, archived_at } : undefined;
  const reads = id === null && through !== null && !message.read_at && reaches(through, message);
  return reads ? { ...message, read_at } : message;
}

/** Whether a message is not behind a place: in the person's own log, or in that of what is for many. */
function reaches(place: string, message: Message): boolean {
  const [own = 0, common = 0] = place.split(".").map(Number);
  if (typeof message.seq === "number") return message.seq <= own;
  return Number(message.cursor?.split(".")[1] ?? Infinity) <= common;
}
