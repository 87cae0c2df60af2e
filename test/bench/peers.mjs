// node peers.mjs small WORKERS OUTSTANDING COUNT: the same as bench_tandem, with piscina. Prints one number.
import {Piscina} from 'piscina';

const [workers, outstanding, count] = process.argv.slice(3).map(Number);
const pool = new Piscina({
    filename: new URL('nothing.mjs', import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 32, // its best setting for small tasks
});
let left = count;
async function chain() {
    while (left-- > 0)
        await pool.run(1);
}
left = Math.min(count, 1000);
await chain();
left = count;
const begin = process.hrtime.bigint();
await Promise.all(Array.from({length: outstanding}, chain));
console.log(Number(process.hrtime.bigint() - begin) / 1e9 / count);
process.exit(0);
