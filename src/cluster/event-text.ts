const LONGEST_NOTE_BYTES = 1024;
const LONGEST_NAME = 253;

/** Cut to what the API server takes, which counts bytes, and never in the midst of a character. */
export function cutNote(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= LONGEST_NOTE_BYTES) {
    return note;
  }
  const ellipsis = '…';
  const room = bytes.subarray(0, LONGEST_NOTE_BYTES - Buffer.byteLength(ellipsis));
  // A stream holds back the bytes of a character that has not ended.
  return new TextDecoder().decode(room, { stream: true }) + ellipsis;
}

/** `<regarding name>.<hex>`, as all writers of events have it. */
export function eventName(regarding: string, hex: string): string {
  return `${regarding.slice(0, LONGEST_NAME - hex.length - 1)}.${hex}`;
}
