import { z } from 'zod';
import { int, withRules, type Rule } from './field.ts';
import { quantity, QUANTITY_MESSAGE, thousandths } from './quantity.ts';

const amount = (what: string) =>
  withRules(quantity(what), { rule: 'isQuantity(string(self))', message: QUANTITY_MESSAGE }).optional();

const amounts = (what: string) =>
  z
    .object({
      cpu: amount('Processor, such as 250m, 2 or, in quotes, "0.5".'),
      memory: amount('Memory, such as 256Mi.'),
    })
    .describe(what);

const Resources = z
  .object({
    requests: amounts('What the scheduler sets aside for each pod.').optional(),
    limits: amounts('What each pod may use at the most.').optional(),
  })
  .describe('Processor and memory of each pod.');

function tierWith(resources: typeof Resources) {
  return z
    .object({
      replicas: int(0, 100, 'Pods; left to others (an HPA) when absent.').optional(),
      resources: resources.optional(),
    })
    .describe('What this tier gives.');
}

const NAMES = ['cpu', 'memory'] as const;

const tooMuch = (name: string) =>
  `Set requests.${name} to limits.${name} or less: no pod may be promised more than it may use`;

function fits(name: (typeof NAMES)[number]): Rule {
  const [requested, limit] = [`self.requests.${name}`, `self.limits.${name}`];
  const present = ['self.requests', 'self.limits', requested, limit].map((field) => `has(${field})`);
  const readable = [requested, limit].map((field) => `isQuantity(string(${field}))`);
  return {
    rule: `!(${[...present, ...readable].join(' && ')}) || quantity(string(${requested})).compareTo(quantity(string(${limit}))) <= 0`,
    message: tooMuch(name),
  };
}

const consistent = withRules(
  Resources.superRefine(({ requests, limits }, context) => {
    for (const name of NAMES) {
      const [requested, limit] = [requests, limits].map((of) => thousandths(of?.[name] ?? ''));
      if (requested !== undefined && limit !== undefined && requested > limit) {
        context.addIssue({ code: 'custom', message: tooMuch(name) });
      }
    }
  }),
  ...NAMES.map(fits),
);

/** The pods and resources of one tier. Without `replicas` the operator leaves the number to somebody else, such as an HPA. */
export const Tier = tierWith(consistent);
export type Tier = z.output<typeof Tier>;

/** Also one that contradicts itself: where such a one was stored before it was refused, it still moves nobody's pods. */
export const StoredTier = tierWith(Resources);
