// Starts the interactive reference on the served document.
"use strict";

addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({
    dom_id: "#ui",
    url: "/openapi.json",
    deepLinking: true,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
});
