#!/usr/bin/env node
import { keepCompiledCode } from "./compiled-code.ts";

keepCompiledCode(process.env);
const { runProcess } = await import("./run-process.ts");
await runProcess(process.argv.slice(2));
