// How a contender takes turns: it works once for each line that it reads, and answers with what that took.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";

const peakMegabytes = () =>
  (Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024) / 1e6;

export async function takeTurns(work) {
  console.log("ready");
  for await (const _ of createInterface({ input: process.stdin })) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const made = (await work()).length;
    const wall = (performance.now() - start) / 1000;
    const spent = process.cpuUsage(cpu);
    const answer = { wall, cpu: (spent.user + spent.system) / 1e6, made, peakMb: peakMegabytes() };
    console.log(JSON.stringify(answer));
  }
}
