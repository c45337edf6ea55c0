/** Returns the sum of a counter on a /metrics page over its series whose labels contain `label`. */
export function sumOf(page: string, counter: string, label: string): number {
  return page
    .split('\n')
    .filter((line) => line.startsWith(`${counter}{`) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
