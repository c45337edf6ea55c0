import { z } from 'zod';

/** The kinds of values of the Helm chart, each with what it is by default and means. */

/** Something of Kubernetes that is passed on as it is. */
export const passed = () => z.looseObject({});
export const stringMap = () => z.record(z.string(), z.string());
export const flag = (value: boolean, description: string) => z.boolean().default(value).describe(description);
export const text = (value: string, description: string) => z.string().default(value).describe(description);
export const map = (description: string, value: Record<string, string> = {}) =>
  stringMap().default(value).describe(description);
export const list = <T extends z.ZodType>(item: T, description: string) =>
  z.array(item).default([]).describe(description);
