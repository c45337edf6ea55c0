import { z } from 'zod';
import { Failure, MOST_FAILURES, secondsTime } from './failure.ts';
import { StoredTier } from './tier.ts';
import { isExactVersion } from './version.ts';

/** Why a rollout was begun. */
const Trigger = z.enum(['Install', 'Policy', 'Spec', 'SystemSoftware', 'Tier']);
export type Trigger = z.output<typeof Trigger>;

/** The hashes of what a template is made from, and the system software that was chosen for it. */
const Committed = z.object({
  /** Of what the spec asks for: version, configuration, the name of the tier. */
  wish: z.string(),
  /** Of what the platform and the provider say about that tier. */
  tier: z.string(),
  /** Of what the release brings into the pod. */
  release: z.string(),
  /** Of what the spec says about system software; absent where it says nothing. */
  asked: z.string().optional(),
  /** As `formatSoftware` writes it; absent where there is none. */
  software: z.string().optional(),
});
export type Committed = z.output<typeof Committed>;

const ServicePort = z.object({
  name: z.string(),
  port: z.int(),
  protocol: z.string(),
  targetPort: z.union([z.string(), z.int()]),
});

const KeyInSecret = z.object({ name: z.string(), key: z.string() });

/** An input that was asked for when the pods were made, and its answer: none of these, where it has none. */
const RecordedInput = z.object({
  name: z.string(),
  /** `reconfigure` when absent. */
  lifecycle: z.enum(['installation', 'update', 'reconfigure']).optional(),
  value: z.string().optional(),
  secretKeyRef: KeyInSecret.optional(),
  /** Where the operator keeps the value that it made. */
  generated: KeyInSecret.optional(),
  /**
   * Who answered, where it was not `userInputs` at that time: `release` by its default, `config` by a variable, which is not kept
   * here; `nobody`: it is required, and an upgrade came without it; `earlier`: these pods were not asked, and others before were.
   */
  by: z.enum(['release', 'config', 'nobody', 'earlier']).optional(),
});
export type RecordedInput = Readonly<z.output<typeof RecordedInput>>;

/**
 * What the release brought into the pods besides its image, so that they can be changed also when other content is published as
 * its version. Members of a `Release`.
 */
const RecordedContent = z.record(z.string(), z.unknown());
export type RecordedContent = z.output<typeof RecordedContent>;

/** The facts of a record besides its Deployment: all that a decision needs to know of a rollout. */
const RecordFacts = z.object({
  /** `org/name`. */
  provider: z.string(),
  trigger: Trigger,
  startedAt: secondsTime,
  /** The wish for which it was made: it is held by this if the rollout fails. */
  wish: z.string(),
  /**
   * Set where a Deployment was found without a record: the wish of the spec at that time, which waits until this rollout
   * is done.
   */
  foundWith: z.string().optional(),
  committed: Committed,
  version: z.string().refine(isExactVersion),
  image: z.string(),
  /** Absent: an operator before this one wrote the record. */
  content: RecordedContent.optional(),
  /** The version that was stable when it began. Absent: none was. */
  from: z.string().optional(),
  /** The version that was current before this one. */
  previousVersion: z.string().optional(),
  /** Hashes of the Deployment as it was applied, by `ownedHash`. */
  applied: z.string(),
  /** Of the Service. Absent: there is none. */
  ports: z.array(ServicePort).readonly().optional(),
  hasBudget: z.boolean(),
  effective: z.object({ tier: StoredTier.optional(), configHash: z.string().optional() }),
  /** Sorted by name; absent where nothing was asked for. */
  inputs: z.array(RecordedInput).readonly().optional(),
  /** Who needs each system software; nobody: the spec alone asked for it. */
  requiredBy: z.record(z.string(), z.array(z.string())).optional(),
  /** The consent to a downgrade that is used up by it, or was before and is still in the spec. */
  consent: z.string().optional(),
  /** Values of the annotation `…/retry` that are obeyed by it, on the installation and on its Provider. */
  retries: z.array(z.string()),
  /** The value of the annotation `…/restart` that its pods have. Absent: none was ever set. */
  restart: z.string().optional(),
  /** Failures before it that are still avoided or held. */
  failures: z.array(Failure).max(MOST_FAILURES),
  /** It follows a rollout that failed, and nobody had withdrawn that. */
  isMending: z.boolean().optional(),
});
export type RecordFacts = z.output<typeof RecordFacts>;

const texts = z.record(z.string(), z.string());

/** The Deployment as it was applied, without its identity. */
const RecordedDeployment = z.object({
  metadata: z.object({ labels: texts.optional(), annotations: texts.optional() }),
  spec: z.looseObject({
    replicas: z.int().optional(),
    minReadySeconds: z.int().optional(),
    template: z.looseObject({ metadata: z.looseObject({ annotations: texts.optional() }).optional() }).optional(),
  }),
});
export type RecordedDeployment = z.output<typeof RecordedDeployment>;

/** `data` of a ControllerRevision: written once, before the Deployment is applied. */
const RecordData = RecordFacts.extend({ deployment: RecordedDeployment });
export type RecordData = z.output<typeof RecordData>;

/** `data` of the note of a generated Secret: its provider as `org/name`, and the key of the value in the Secret. */
const GeneratedNote = z.object({ generated: z.object({ provider: z.string(), key: z.string() }) });

export function parseNote(data: unknown): z.output<typeof GeneratedNote>['generated'] | undefined {
  return GeneratedNote.safeParse(data).data?.generated;
}

/** Undefined where it is no record of ours, or was edited beyond recognition. */
export function parseRecord(data: unknown): RecordData | undefined {
  return RecordData.safeParse(data).data;
}
