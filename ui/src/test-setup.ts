import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

// Tests run while something else compiles.
configure({ asyncUtilTimeout: 5000 });
afterEach(cleanup);

// jsdom has no pointer capture, which messages that can be swiped away ask for.
if ("Element" in globalThis) Element.prototype.hasPointerCapture = () => false;
