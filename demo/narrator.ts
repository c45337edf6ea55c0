import { styleText } from 'node:util';

/** Longer than the pause of a build between two of its own lines. */
const QUIET_MS = 12_000;

/** Tells the story on standard output, and is never quiet for long. */
export interface Narrator {
  /** Prints a paragraph after an empty line. */
  readonly say: (...lines: readonly string[]) => void;
  readonly heading: (title: string) => void;
  /** Prints a command line that is about to run, as a person would type it. */
  readonly command: (line: string) => void;
  /** Prints one line unchanged: the output of a command, or the progress of a build. */
  readonly line: (text: string) => void;
  /** Waits for `work`. While nothing is printed, a line now and then says what is being waited for. */
  readonly during: <T>(what: string, work: Promise<T>) => Promise<T>;
}

export function createNarrator(print: (text: string) => void): Narrator {
  let lastSaid = Date.now();

  function line(text: string): void {
    lastSaid = Date.now();
    print(text);
  }

  return {
    line,
    say(...lines) {
      line('');
      lines.forEach(line);
    },
    heading(title) {
      line('');
      line(styleText('bold', `== ${title}`));
    },
    command(text) {
      line('');
      line(styleText('cyan', `$ ${text}`));
    },
    async during(what, work) {
      const began = Date.now();
      const ticker = setInterval(() => {
        if (Date.now() - lastSaid >= QUIET_MS) {
          line(`  ... waiting for ${what} (${Math.round((Date.now() - began) / 1000)} s)`);
        }
      }, 1000);
      try {
        return await work;
      } finally {
        clearInterval(ticker);
      }
    },
  };
}
