/** The template of a pod, as far as it decides how the pod fares. */
export interface Template {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly initContainers?: readonly { readonly name: string; readonly image: string }[];
    readonly containers: readonly {
      readonly image: string;
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
}

/** The fate of pods with this in their image's name, or as a value of a variable, as in test/control-plane/stages. */
export const FATES = ['never-ready', 'crash-loop', 'no-such-image'] as const;
export type Fate = (typeof FATES)[number];

function fateOf(template: Template): Fate | undefined {
  const [container] = template.spec.containers;
  const image = failingInit(template)?.image ?? container?.image ?? '';
  return fateOfImage(image) ?? FATES.find((fate) => container?.env?.some(({ value }) => value === fate));
}

/** The init container that keeps the others from ever starting; undefined if none does. */
export function failingInit({ spec }: Template): { readonly name: string; readonly image: string } | undefined {
  return spec.initContainers?.find(({ image }) => !['never-ready', undefined].includes(fateOfImage(image)));
}

function fateOfImage(image: string): Fate | undefined {
  const name = image.split('/').at(-1) ?? '';
  return FATES.find((fate) => name.includes(fate));
}

/** How long a kubelet waits before it first restarts a container. The wait doubles each time. */
const FIRST_BACKOFF_MS = 10_000;
/** After this many restarts a pod stays as it is, because the back-off has reached several minutes. */
const MOST_RESTARTS = 5;

/** One pod as its kubelet knows it, from its creation on. */
export class Pod {
  readonly template: Template;
  readonly namespace: string;
  readonly name: string;
  isReady = false;
  /** Whether it has been ready for long enough to count as available. */
  isCounted = false;
  readySince = 0;
  hasStarted = false;
  restarts = 0;
  /** Why its container waits; undefined if it does not. */
  waiting: string | undefined = 'ContainerCreating';
  /** When it changes by itself, in milliseconds since the epoch; undefined: it stays as it is. */
  dueAt: number | undefined = 0;

  constructor(template: Template, { namespace, name }: { readonly namespace: string; readonly name: string }) {
    this.template = template;
    this.namespace = namespace;
    this.name = name;
  }

  isDue(now: number): boolean {
    return this.dueAt !== undefined && this.dueAt <= now;
  }

  /** Does the next step towards its fate. */
  goOn(now: number): void {
    switch (fateOf(this.template)) {
      case undefined:
        this.#start(undefined);
        this.isReady = true;
        this.readySince = now;
        break;
      case 'never-ready':
        this.#start(undefined);
        break;
      case 'crash-loop':
        this.#start(now + FIRST_BACKOFF_MS * 2 ** this.restarts);
        this.restarts += 1;
        this.waiting = 'CrashLoopBackOff';
        this.dueAt = this.restarts < MOST_RESTARTS ? this.dueAt : undefined;
        break;
      case 'no-such-image':
        this.dueAt = this.waiting === 'ErrImagePull' ? undefined : now + FIRST_BACKOFF_MS;
        this.waiting = this.waiting === 'ErrImagePull' ? 'ImagePullBackOff' : 'ErrImagePull';
        break;
    }
  }

  /** Makes it unready until its next step. */
  stumble(): void {
    this.isReady = false;
    this.isCounted = false;
    this.dueAt = 0;
  }

  #start(dueAt: number | undefined): void {
    this.hasStarted = true;
    this.waiting = undefined;
    this.dueAt = dueAt;
  }
}
