// A reporter for vitest: with the laboratory at hand, an end-to-end test that does not run is a failure.

const IS_END_TO_END = /\.e2e\.test\.ts$/;

function testsOf(testModules) {
  return testModules.filter((module) => IS_END_TO_END.test(module.moduleId)).flatMap((module) => [...module.children.allTests()]);
}

/** What is missing, in words. */
export function holes(testModules) {
  const tests = testsOf(testModules);
  if (tests.length === 0) return ['no end-to-end test was found'];
  return tests.filter((test) => !['passed', 'failed'].includes(test.result().state)).map((test) => `did not run in the laboratory: ${test.module.relativeModuleId}: ${test.fullName}`);
}

export default class NoHoles {
  onTestRunEnd(testModules) {
    const found = holes(testModules);
    for (const hole of found) console.error(`✖ ${hole}`);
    if (found.length > 0) process.exitCode = 1;
  }
}
