import type { OperatorConfig } from '../../api/operator-config.ts';
import { isImageAllowed } from '../catalogue/catalogue.ts';
import { notYet, problem, type Problem } from '../../api/problem.ts';
import type { SoftwareUse } from './resolution.ts';

/** Why no pods can be made with this software now: what they have is not published any more, or not allowed. */
export function obstacleIn(
  uses: readonly SoftwareUse[],
  { allowedImagePrefixes }: Pick<OperatorConfig, 'allowedImagePrefixes'>,
): Problem | undefined {
  const gone = uses.find(({ release }) => !release);
  if (gone) {
    return notYet(
      'SoftwareNotFound',
      `Publish version ${gone.version} of system software "${gone.name}" again, or set another one: the change needs its content`,
    );
  }
  const images = uses.map(({ name, release }) => ({ name, image: release?.provides?.image }));
  const foreign = images.find(({ image }) => image !== undefined && !isImageAllowed(image, allowedImagePrefixes));
  return (
    foreign &&
    problem(
      'ImageNotAllowed',
      `Ask the platform team to allow image "${foreign.image}" of system software "${foreign.name}" in allowedImagePrefixes`,
    )
  );
}
