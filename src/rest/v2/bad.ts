import { RestProblem } from '../problem.ts';

/** What cannot be had, as the second seed says it. */
export function bad(type: string, detail: string): RestProblem {
  return new RestProblem(400, type, detail);
}
