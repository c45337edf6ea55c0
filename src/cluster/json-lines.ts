const NEWLINE = 0x0a;

/**
 * Parses a stream of JSON documents, one a line, in their order.
 *
 * Lines are cut in the bytes, where a newline can be nothing else, so it does not matter where a chunk ends. A last line
 * without its newline was cut off on the way and is dropped.
 */
export async function* jsonLines(chunks: AsyncIterable<Buffer>): AsyncIterable<unknown> {
  let unfinished: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line =
        unfinished.length === 0
          ? chunk.subarray(start, end)
          : Buffer.concat([...unfinished, chunk.subarray(start, end)]);
      unfinished = [];
      start = end + 1;
      if (line.length > 0) {
        yield JSON.parse(line.toString());
      }
    }
    if (start < chunk.length) {
      unfinished.push(chunk.subarray(start));
    }
  }
}
