import { z } from 'zod';
import { ENV_ENTRY, ENV_ENTRY_MESSAGE, isNamedBy, RESERVED_ENV } from './reserved-env.ts';
import { Tier } from './tier.ts';

/** At a time a quarter of the pods are replaced (maxSurge 25%), and the next ones wait until these have been ready long enough. */
export const MOST_ROUNDS = 4;

const envNames = z.array(z.string().regex(ENV_ENTRY, ENV_ENTRY_MESSAGE).max(128)).default([]);

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
  reservedEnvNames: envNames.describe(
    'More environment variables that no tenant may set; a trailing * stands for any ending',
  ),
  unreservedEnvNames: envNames.describe(
    'Environment variables that tenants may set although src/api/reserved-env.ts has them; a trailing * stands for any ending',
  ),
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

/** Whether no tenant may set it. */
export function isReserved(
  name: string,
  { reservedEnvNames, unreservedEnvNames }: Pick<OperatorConfig, 'reservedEnvNames' | 'unreservedEnvNames'>,
): boolean {
  return isNamedBy(name, [...RESERVED_ENV, ...reservedEnvNames]) && !isNamedBy(name, unreservedEnvNames);
}
