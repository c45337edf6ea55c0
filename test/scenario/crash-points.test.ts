import { beforeAll, describe, expect, it } from 'vitest';
import { describeStory } from './simulation/check.ts';
import { misplacedChildren, outcomeOf } from './simulation/outcome.ts';
import { Simulation } from './simulation/simulation.ts';
import { STORIES, type Story } from './simulation/stories.ts';

interface Crash {
  /** After how many writes of the story; after none the operator is away when people act. */
  readonly afterWrite: number;
  /** Whether what was under way besides that write arrives at the server. */
  readonly isLate: boolean;
}

/** Tells a story in order, with a crash of the operator where one is asked for. */
async function tell(story: Story, crash?: Crash): Promise<Simulation> {
  const simulation = new Simulation({ seed: 1, isOrderly: true });
  story.before(simulation.server);
  await simulation.rest();
  const writesBefore = simulation.writes;
  const eventsBefore = simulation.events;
  simulation.onWrite = (write) => {
    if (write - writesBefore === crash?.afterWrite) {
      simulation.crash(() => crash.isLate);
    }
  };
  simulation.note(`the story: ${story.name}`);
  if (crash?.afterWrite === 0) {
    simulation.crash(() => false);
  }
  story.act(simulation.server);
  await simulation.rest();
  simulation.onWrite = undefined;
  simulation.writes -= writesBefore;
  simulation.events -= eventsBefore;
  await simulation.stopOperator();
  return simulation;
}

/** A check tries each write with one fate of the rest, in turn; `.ci/run`, which says how many seeds it takes, with both. */
const isThorough = process.env['SEEDS'] !== undefined;

describe.each(STORIES)('$name', (story) => {
  let undisturbed: Simulation;
  beforeAll(async () => {
    undisturbed = await tell(story);
  });

  it('costs no more than its budget and leaves nothing behind', () => {
    const told = describeStory(story.name, undisturbed);
    expect(undisturbed.violations, told).toEqual([]);
    expect(misplacedChildren(undisturbed.server), told).toEqual([]);
    expect(undisturbed.writes, told).toBeLessThanOrEqual(story.writes);
    expect(undisturbed.events, told).toBeLessThanOrEqual(story.events);
  });

  it('ends the same after a crash at any write', async () => {
    const expected = outcomeOf(undisturbed.server);

    for (let afterWrite = 0; afterWrite <= undisturbed.writes; afterWrite += 1) {
      for (const isLate of isThorough ? [false, true] : [afterWrite % 2 === 0]) {
        const crashed = await tell(story, { afterWrite, isLate });

        const what = `${story.name}, crash after write ${afterWrite}${isLate ? ', the rest arrives' : ''}`;
        const told = describeStory(what, crashed);
        expect(crashed.violations, told).toEqual([]);
        expect(misplacedChildren(crashed.server), told).toEqual([]);
        expect(outcomeOf(crashed.server), told).toEqual(expected);
      }
    }
  });
});
