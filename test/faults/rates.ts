/** Of a counter on a /metrics page: the sum over those of its series whose labels contain `label`. */
export function sumOf(page: string, counter: string, label: string): number {
  return page
    .split('\n')
    .filter((line) => line.startsWith(`${counter}{`) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
