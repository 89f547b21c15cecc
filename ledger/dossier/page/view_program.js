// The program of this page, as its bytes stand in it, so that it can be compared with one that came another way.

const PROGRAM = document.currentScript.textContent;
