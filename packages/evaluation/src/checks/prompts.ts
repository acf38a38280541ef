/** How every declaration check begins: prompts that each version gets, so that cards compare. */
export const TYPESCRIPT_PROMPTS: readonly string[] = [
  "export interface ServerOptions {\n",
  "export interface User {\n",
  "export type Result<T> =",
  "export declare function parse(",
  "export declare class EventEmitter {\n",
  "export declare const version:",
  "export interface Logger {\n",
  "export declare function createClient(options:",
  "/**\n * Reads a file.\n */\nexport declare function readFile(",
  "export type Callback = (",
  "export interface CompilerOptions {\n",
  "declare namespace Errors {\n",
  "export declare class Queue<T> {\n",
  "export type Handler = {\n",
  'import type { Readable } from "node:stream";\n\nexport declare function',
  "export interface Position {\n",
];
