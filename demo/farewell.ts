import { dirname } from 'node:path';
import type { ControlPlane } from '../test/control-plane/boot.ts';
import type { Narrator } from './narrator.ts';

/** Commands to try next, in an order in which each works after the one before. */
const hints: readonly (readonly [line: string, shows: string])[] = [
  [
    `kubectl patch pi shop --type=merge -p '{"spec":{"resourceTier":"performance"}}'`,
    'more replicas and resources, the same version',
  ],
  [
    `kubectl patch pi shop --type=merge -p '{"spec":{"config":{"LOG_LEVEL":"debug"}}}'`,
    'another variable in the pods, the same version',
  ],
  ['kubectl delete deployment shop', 'it comes back'],
  [
    `kubectl patch pi shop --type=merge -p '{"spec":{"version":"1.2.0"}}'`,
    'does not work, so what ran before is brought back: nothing is tried again until you change the spec',
  ],
  [`kubectl patch pi shop --type=merge -p '{"spec":{"version":"1.0.0"}}'`, 'is refused: nobody agreed to a downgrade'],
  ['kubectl describe pi shop', 'the conditions say why, and what to do; so do the events below'],
  [`kubectl patch pi blog --type=merge -p '{"spec":{"suspend":true}}'`, 'freezes it: nothing is rolled out or healed'],
  ['kubectl explain pi.spec', 'all that can be set'],
];

/** Says how to go on with kubectl. */
export function sayFarewell(narrator: Narrator, plane: Pick<ControlPlane, 'kubeconfig' | 'kubectl'>): void {
  narrator.heading('Now it is yours');
  narrator.say(
    'Open another terminal:',
    '',
    `  export KUBECONFIG=${plane.kubeconfig}`,
    `  export PATH=${dirname(plane.kubectl)}:$PATH   # has a kubectl of the right version`,
    '  kubectl get pi -w',
    '',
    'and in a third one, for example:',
  );
  for (const [line, shows] of hints) {
    narrator.say(`  # ${shows}`, `  ${line}`);
  }
  narrator.say('The cluster stays until ^C here, which removes everything.');
}
