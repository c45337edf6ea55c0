import { z } from 'zod';
import { matching } from './field.ts';

/** As the apiserver wants them in a pod: else the pod is refused later, in words about a Deployment that nobody wrote. */
const OBJECT_NAME = /^[a-z0-9]+(-+[a-z0-9]+)*(\.[a-z0-9]+(-+[a-z0-9]+)*)*$/;
const OBJECT_KEY = /^\.?[-_a-zA-Z0-9][-._a-zA-Z0-9]*$/;

export const KeyRef = (kind: string) =>
  z
    .object({
      name: matching(
        OBJECT_NAME,
        253,
        `Must be the name of a ${kind} such as shop-db: a-z, 0-9, - and . only`,
        `Name of the ${kind}, in the namespace of the installation.`,
      ),
      key: matching(
        OBJECT_KEY,
        253,
        `Must be a key of a ${kind} such as password: letters, digits, -, _ and . only`,
        `Key in the ${kind}.`,
      ),
    })
    .describe(`A key of a ${kind}.`);
