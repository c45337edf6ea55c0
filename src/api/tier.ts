import { z } from 'zod';
import { int, quantity } from './field.ts';

const amounts = (what: string) =>
  z
    .object({
      cpu: quantity('Processor, such as 250m or 2.').optional(),
      memory: quantity('Memory, such as 256Mi.').optional(),
    })
    .describe(what);

/** What one tier gives to an installation. Without `replicas` the operator leaves the number to somebody else, such as an HPA. */
export const Tier = z
  .object({
    replicas: int(0, 100, 'Pods; left to others (an HPA) when absent.').optional(),
    resources: z
      .object({
        requests: amounts('What the scheduler sets aside for each pod.').optional(),
        limits: amounts('What each pod may use at the most.').optional(),
      })
      .describe('Processor and memory of each pod.')
      .optional(),
  })
  .describe('What this tier gives.');
export type Tier = z.output<typeof Tier>;
