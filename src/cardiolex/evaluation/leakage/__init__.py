"""Does the test know what training saw? Patients, records, signals and prompts across parts."""
