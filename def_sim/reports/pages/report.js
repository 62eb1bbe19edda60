"use strict";
// The frame of a report; items.js and answers.js follow it.
