// What the page holds as data; see docs/reference/report_data.md. items.js and answers.js read it.

const report = JSON.parse(document.getElementById("report-data").textContent);
