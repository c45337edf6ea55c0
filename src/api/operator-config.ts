import { z } from 'zod';
import { Tier } from './tier.ts';

/** Names that a process obeys before its own code runs, or that Kubernetes and the operator set. `*` ends a prefix. */
const RESERVED = [
  'BASH_ENV',
  'DOCUMENT_ROOT',
  'HOSTNAME',
  'JDK_JAVA_OPTIONS',
  'JAVA_TOOL_OPTIONS',
  'KUBERNETES_*',
  'LD_*',
  'NODE_PATH',
  'NODE_OPTIONS',
  'PATH',
  'PERL5LIB',
  'PERL5OPT',
  'PYTHONPATH',
  'PYTHONSTARTUP',
  'RUBYLIB',
  'RUBYOPT',
  '_JAVA_OPTIONS',
];

/** At a time a quarter of the pods are replaced (maxSurge 25%), and the next ones wait until these have been ready long enough. */
export const MOST_ROUNDS = 4;

/** A misspelt field must not pass for one that was left out: without `replicas` they would be nobody's. */
const OwnTier = Tier.strict();

const int = (min: number, max: number, value: number, description: string) =>
  z.int().min(min).max(max).default(value).describe(description);

/** The decisions of the platform team for every tenant: the content of the file that OPERATOR_CONFIG names. */
export const OperatorConfig = z.strictObject({
  tiers: z
    .strictObject({ free: OwnTier.optional(), standard: OwnTier.optional(), performance: OwnTier.optional() })
    .default({})
    .describe('What the tiers mean, where it differs from the built-in ones'),
  defaults: z
    .strictObject({
      progressDeadlineSeconds: int(2, 86_400, 600, 'Seconds after which a rollout that is not done has failed'),
      stableSeconds: int(0, 3600, 10, 'Seconds that a new pod must be ready before it counts'),
    })
    .refine(
      ({ progressDeadlineSeconds, stableSeconds }) => progressDeadlineSeconds > MOST_ROUNDS * stableSeconds,
      `progressDeadlineSeconds must be greater than ${MOST_ROUNDS} times stableSeconds: pods are replaced in up to ${MOST_ROUNDS} rounds`,
    )
    .prefault({}),
  maxConcurrentUpgrades: int(1, 100_000, 50, 'Automatic rollouts that may be under way at once in the whole fleet'),
  reservedEnvNames: z
    .array(z.string().min(1).max(128))
    .default(RESERVED)
    .describe('Environment variables that no tenant may set; a trailing * stands for any ending'),
  allowedImagePrefixes: z
    .array(z.string().min(1).max(512))
    .optional()
    .describe('Images must start with one of these whole path segments; any image when absent'),
  softwareDelivery: z
    .enum(['copy', 'imageVolume'])
    .default('copy')
    .describe(
      'How the files of system software come into pods: copied by an init container, or as a volume of the image itself, which all nodes must support',
    ),
  privilegedProviders: z
    .array(z.string().max(63))
    .default([])
    .describe('Providers (org/name) whose releases may loosen the restricted Pod Security Standard'),
});
export type OperatorConfig = z.output<typeof OperatorConfig>;

/** Whether `name` is on the list; an entry that ends in `*` stands for every name with that beginning. */
export function isReserved(name: string, reservedNames: readonly string[]): boolean {
  return reservedNames.some((entry) => (entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry));
}
