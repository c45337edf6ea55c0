import { notYet, problem, type Problem } from './problem.ts';
import type { Need, Rival } from './software.ts';
import type { Choices } from './software-choices.ts';

/** Why a software cannot be had, in words that say what to do. */
export function refusalOfSoftware(
  name: string,
  needs: readonly Need[],
  { catalogue, wish, policy, options, foreignImages }: Choices,
  rival: Rival | undefined,
): Problem {
  const it = `system software "${name}"`;
  const who = [
    ...needs.map(({ by, range }) => `${by} needs "${range}"`),
    ...(rival ? [`its ${rival.by} needs another version of "${rival.of}"`] : []),
  ].join(', ');
  if (!catalogue) {
    const why = who === '' ? '' : `: ${who}`;
    return notYet('SoftwareNotFound', `Publish SystemSoftware "${name}", or do without it${why}`);
  }
  const named = wish?.version;
  const published = catalogue.releases.find((r) => r.version === named);
  const fault = catalogue.invalid.find((r) => r.version === named);
  if (fault) {
    return problem(
      'SoftwareConflict',
      `Set another version of ${it} than ${named}, it cannot be used: ${fault.reason}`,
    );
  }
  if (named !== undefined && !published) {
    const examples = catalogue.releases.slice(0, 3).map((r) => r.version);
    const hint = examples.length > 0 ? `, such as ${examples.join(', ')}` : ': none is published yet';
    return notYet('SoftwareNotFound', `Set a published version of ${it} instead of ${named}${hint}`);
  }
  if (policy === 'none' && published?.lifecycle?.stage === 'yanked') {
    return problem('SoftwareConflict', `Set another version of ${it} than ${named}, it was yanked`);
  }
  const [image] = foreignImages;
  if (options.length === 0 && image !== undefined) {
    return problem(
      'ImageNotAllowed',
      `Ask the platform team to allow image "${image}" of ${it} in allowedImagePrefixes`,
    );
  }
  if (named !== undefined && who !== '') {
    const what = policy === 'none' ? `version ${named}` : `${named} or newer`;
    return problem('SoftwareConflict', `Set another version of ${it}: systemSoftware asks for ${what}, and ${who}`);
  }
  return problem('SoftwareConflict', `Publish a version of ${it} that all can run with: ${who || 'none is offered'}`);
}

/** The search was given up. */
export function tooManyWays(): Problem {
  return problem(
    'SoftwareConflict',
    'Set the versions in systemSoftware: too many have to be tried to find some that can run together',
  );
}
