import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

afterEach(cleanup);

// jsdom has no pointer capture, which messages that can be swiped away ask for.
if ("Element" in globalThis) Element.prototype.hasPointerCapture = () => false;
